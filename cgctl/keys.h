/* keys.h - what can be set of a group: all that `get` shows and `snapshot` keeps. */
#ifndef CGCTL_KEYS_H
#define CGCTL_KEYS_H

#include "lib/cgroup.h"

struct group_key {
	const char *name;
	const char *unset, *v1_unset; /* what a new group has; NULL: what its parent has, or
					 (v1_unset) the same on both versions */
};

extern const struct group_key group_keys[];
extern const size_t group_keys_n;

/* Append the value of K; false where the group has none that could be set again. */
bool group_key_get(const struct cgroup *g, const struct group_key *k, struct buf *value);
/* Is VALUE what a new group below PARENT has? */
bool group_key_is_unset(const struct cgroup *parent, const struct group_key *k, const char *value);

#endif
