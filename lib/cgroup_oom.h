/* cgroup_oom.h - the OOM killer's work in one memory group: counted, and told of as it happens.
 *
 * The counter is opened once, so that a group that is being removed meanwhile does no harm. The
 * bell rings for more than kills, on v1 a moment before one is counted and when the group goes: the
 * count is what is to be believed. Failure: -1 and errno.
 */
#ifndef LIB_CGROUP_OOM_H
#define LIB_CGROUP_OOM_H

#include "lib/base.h"

struct cgroup_oom {
	int counterfd;
	int bellfd; /* readable once something may have happened */
	bool v2;
};

#define CGROUP_OOM_NONE \
	{ \
		-1, -1, false \
	}

/* Open the counter of the group DIRFD, of the memory controller (v1) or V2. */
_check_ int cgroup_oom_open(struct cgroup_oom *o, int dirfd, bool v2);
/* Have it ring. Needs the counter. */
_check_ int cgroup_oom_ring(struct cgroup_oom *o, int dirfd);
/* Processes killed so far. -1: the group has gone. */
int cgroup_oom_count(const struct cgroup_oom *o, uint64_t *kills);
/* Was the bell still ringing? Then it is quiet now. */
bool cgroup_oom_hush(const struct cgroup_oom *o);
void cgroup_oom_close(struct cgroup_oom *o);

#endif
