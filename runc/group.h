/* group.h - the control groups of a container on disk, opened.
 *
 * Declare it _group_ struct group g = GROUP_NONE; the scope's end closes it.
 */
#ifndef RUNC_GROUP_H
#define RUNC_GROUP_H

#include "lib/cgroup.h"
#include "runc/state.h"

struct group {
	struct cgroup cgroup;
};

#define GROUP_NONE \
	{ \
		.cgroup = CGROUP_NONE \
	}
#define _group_ __attribute__((cleanup(group_close)))

/* The hierarchies, looked for once and open until runc ends; NULL and errno. */
const struct cgroup_layout *group_layout(void);
/* -1 and ENOENT when the container has none, or no longer. G must stay where it is. */
_check_ int group_open(struct group *g, const struct container *c);
void group_close(struct group *g);
/* group_open for a verb that is about groups; says "cgroup not exist" and exits. */
void xgroup_open(struct group *g, const struct container *c);

#endif
