/* oom.h - learning of the OOM killer's work in a group as it happens. */
#ifndef RUNC_OOM_H
#define RUNC_OOM_H

#include "lib/cgroup.h"
#include "lib/cgroup_oom.h"

struct oom_watch {
	struct cgroup_oom oom; /* its bell -1: memory is not controlled */
	uint64_t kills;	       /* so far */
};

/* Begin to watch G. 0, or -1 and errno. Close with oom_close. */
_check_ int oom_open(struct oom_watch *w, const struct cgroup *g);
/* After the bell was readable: how often it struck since the last time. */
uint64_t oom_take(struct oom_watch *w);
void oom_close(struct oom_watch *w);

#endif
