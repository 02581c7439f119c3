#include "lib/cgroup_private.h"

int cgroup_oom_kills(const struct cgroup *g, uint64_t *out)
{
	int dirfd = cgroup_dirfd(g, CGROUP_MEMORY);
	bool v2 = cgroup_on_v2(g, CGROUP_MEMORY);

	if (dirfd < 0)
		return -1;
	return cgroup_read_key(dirfd, v2 ? "memory.events" : "memory.oom_control", "oom_kill", out);
}
