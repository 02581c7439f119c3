/* volume - the three ways to ask for a mount; what is accepted has a clean absolute target. */
#include "bundle/volume.h"
#include "lib/mem.h"
#include "tests/fuzz/fuzz.h"

static void try(int (*parse)(const char *text, struct volume *out, char **why), const char *text)
{
	_free_ char *why = NULL, *clean = NULL;
	struct volume v;

	if (!parse(text, &v, &why)) {
		clean = volume_clean_path(v.target);
		if (!clean || !str_eq(clean, v.target) || str_eq(clean, "/"))
			abort();
	} else if (!why) {
		abort();
	}
	volume_free(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len);

	try(volume_parse, text);
	try(volume_parse_mount, text);
	try(volume_parse_tmpfs, text);
	return 0;
}
