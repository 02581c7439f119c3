/* cgroup_stat.h - what a group has used, under the same names on v1 and v2.
 *
 * Numbers are in base units: bytes, microseconds, counts. What the host does not count is left out.
 */
#ifndef LIB_CGROUP_STAT_H
#define LIB_CGROUP_STAT_H

#include "lib/cgroup.h"

struct cgroup_metric {
	char *name;	/* "memory.current", "io.8:0.rbytes" */
	uint64_t value; /* UINT64_MAX: no limit */
};

struct cgroup_stat {
	struct cgroup_metric *v;
	size_t n, cap;
};

#define _cgroup_stat_ __attribute__((cleanup(cgroup_stat_free)))

/* Read everything, in a fixed order: cpu, memory, pids, hugetlb, io. */
int cgroup_stat_read(const struct cgroup *g, struct cgroup_stat *out);
/* Only what top shows, which is a few reads a group: cpu.usage_usec, memory.current, pids.current
 * and io. */
int cgroup_stat_read_brief(const struct cgroup *g, struct cgroup_stat *out);
void cgroup_stat_free(struct cgroup_stat *s);
/* The value of NAME; false when it is not there. */
bool cgroup_stat_get(const struct cgroup_stat *s, const char *name, uint64_t *out);

#endif
