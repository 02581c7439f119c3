/* unit_verbs.h - the verbs of cgroup-systemd, and what they share; failures are reported and end
 * the program. */
#ifndef CGCTL_UNIT_VERBS_H
#define CGCTL_UNIT_VERBS_H

#include "cgctl/unit_bus.h"
#include "cgctl/unit_name.h"

int unit_create(int argc, char **argv);
int unit_update(int argc, char **argv);
int unit_delete(int argc, char **argv);

/* Options every verb has. */
struct unit_options {
	const char *path;
	bool user;
	int timeout_s;
};

#define UNIT_OPTIONS(o) \
	{ 'p', "path", OPT_STR, &(o).path, "SLICE:PREFIX:NAME", "the unit" }, \
		{ 0,	     "user", OPT_FLAG, \
		  &(o).user, NULL,   "ask the caller's own systemd (default unless root)" }, \
	{ \
		't', "timeout", OPT_INT, &(o).timeout_s, "SECONDS", \
			"wait for systemd this long (30)" \
	}
enum { UNIT_TIMEOUT_S = 30 };

/* Check the options, and name the unit. */
void xunit_name(struct unit_name *n, struct unit_options *o);
struct unit_bus *xunit_bus(const struct unit_options *o);
/* linux.resources from standard input (nothing there: none) as properties. */
void xunit_resources(struct unit_props *p, bool update);
/* WHY says what failed; errno may add to it. */
_noreturn_ void unit_die(const struct buf *why);
/* "NAME=SIGNATURE VALUE..." a line. */
void unit_print(const struct unit_props *p);

#endif
