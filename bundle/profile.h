/* profile.h - the default seccomp profile as a table, and the rules by which an engine resolves
 * one.
 *
 * A profile is a list of rules with conditions (capabilities held, architecture, kernel version);
 * what goes into config.json are the rules whose conditions hold, without the conditions.
 */
#ifndef BUNDLE_PROFILE_H
#define BUNDLE_PROFILE_H

#include "lib/base.h"

struct profile_arg {
	const char *op; /* NULL: no condition on an argument */
	unsigned int index;
	uint64_t value, value_two;
};

struct profile_rule {
	const char *names;  /* system calls, separated by blanks */
	const char *cap;    /* applies only with this capability */
	const char *no_cap; /* applies only without it */
	const char *arches; /* applies only on these (Docker's names, blanks between) */
	const char *no_arches;
	unsigned int kernel; /* applies from this version on: 408 is 4.8 */
	unsigned int enosys; /* refuse with ENOSYS instead of allowing */
	struct profile_arg arg;
};

/* Everything not allowed here fails with EPERM. Ends with names == NULL. */
extern const struct profile_rule profile_default[];

struct profile_arch {
	const char *machine; /* uname -m */
	const char *docker;  /* the name conditions use */
	const char *scmp;    /* architectures of config.json, blanks between; the first is native */
};

/* Ends with machine == NULL. */
extern const struct profile_arch profile_arches[];

#endif
