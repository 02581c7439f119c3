/* names.c - names for containers that got none. */
#include <sys/random.h>

#include "engine/args.h"
#include "lib/die.h"

static const char *const adjectives[] = {
	"able",	   "airy",   "amber",	"ancient",  "ample",  "azure",	 "bold",     "brave",
	"breezy",  "bright", "brisk",	"calm",	    "candid", "careful", "cheery",   "clear",
	"clever",  "cosy",   "crisp",	"curious",  "dapper", "daring",	 "deft",     "eager",
	"earnest", "easy",   "exact",	"fair",	    "fleet",  "fond",	 "frank",    "fresh",
	"gentle",  "glad",   "golden",	"graceful", "grand",  "hardy",	 "hasty",    "honest",
	"humble",  "jolly",  "keen",	"kind",	    "lively", "loyal",	 "lucid",    "mellow",
	"merry",   "mild",   "modest",	"neat",	    "nimble", "noble",	 "patient",  "placid",
	"plucky",  "polite", "prompt",	"proud",    "quick",  "quiet",	 "rapid",    "ready",
	"rosy",	   "rustic", "serene",	"sharp",    "silent", "silver",	 "simple",   "sincere",
	"sleek",   "smooth", "snug",	"sober",    "solid",  "sound",	 "spry",     "steady",
	"stout",   "sunny",  "supple",	"sure",	    "swift",  "tidy",	 "tranquil", "true",
	"trusty",  "upbeat", "valiant", "vivid",    "warm",   "wary",	 "whole",    "wily",
	"wise",	   "witty",  "zesty",
};

static const char *const trees[] = {
	"acacia",  "alder",    "almond",   "apple",	"ash",	    "aspen",	"baobab",
	"bay",	   "beech",    "birch",	   "boxwood",	"cedar",    "cherry",	"chestnut",
	"cork",	   "cypress",  "date",	   "dogwood",	"ebony",    "elder",	"elm",
	"fig",	   "fir",      "gingko",   "hawthorn",	"hazel",    "hemlock",	"hickory",
	"holly",   "hornbeam", "ironwood", "jacaranda", "juniper",  "kapok",	"larch",
	"laurel",  "lemon",    "lilac",	   "lime",	"linden",   "magnolia", "mahogany",
	"mango",   "maple",    "medlar",   "mulberry",	"myrtle",   "nutmeg",	"oak",
	"olive",   "orange",   "osier",	   "palm",	"pear",	    "pecan",	"pine",
	"plane",   "plum",     "poplar",   "quince",	"redwood",  "rowan",	"rubber",
	"sequoia", "sorb",     "spruce",   "sumac",	"sycamore", "tamarind", "teak",
	"thorn",   "walnut",   "wattle",   "willow",	"yew",	    "zelkova",
};

void name_random(char name[NAME_MAX_BYTES])
{
	uint32_t r[2];

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		die("get random bytes");
	snprintf(name, NAME_MAX_BYTES, "%s_%s", adjectives[r[0] % ARRAY_LEN(adjectives)],
		 trees[r[1] % ARRAY_LEN(trees)]);
}
