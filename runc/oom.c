#include "runc/oom.h"

int oom_open(struct oom_watch *w, const struct cgroup *g)
{
	int dirfd = cgroup_dirfd(g, CGROUP_MEMORY);

	*w = (struct oom_watch){ .oom = CGROUP_OOM_NONE };
	if (dirfd < 0)
		return 0;
	if (cgroup_oom_open(&w->oom, dirfd, cgroup_on_v2(g, CGROUP_MEMORY)) ||
	    cgroup_oom_ring(&w->oom, dirfd))
		return -1;
	if (cgroup_oom_count(&w->oom, &w->kills))
		w->kills = 0;
	return 0;
}

uint64_t oom_take(struct oom_watch *w)
{
	uint64_t now, news;

	cgroup_oom_hush(&w->oom);
	if (cgroup_oom_count(&w->oom, &now) || now <= w->kills)
		return 0;
	news = now - w->kills;
	w->kills = now;
	return news;
}

void oom_close(struct oom_watch *w)
{
	cgroup_oom_close(&w->oom);
}
