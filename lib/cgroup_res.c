#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "lib/cgroup_private.h"
#include "lib/cgroup_res_private.h"
#include "lib/str.h"

int cgroup_refuse(struct buf *why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(why, fmt, ap);
	va_end(ap);
	return set_errno(err);
}

bool cgroup_has_file(const struct cgroup *g, enum cgroup_controller c, const char *file)
{
	int saved = errno, dirfd = cgroup_dirfd(g, c);
	bool has = dirfd >= 0 && !faccessat(dirfd, file, F_OK, 0);

	errno = saved;
	return has;
}

static void plan_pids(struct cgroup_plan *plan, const struct cgroup_pids_limit *p)
{
	char text[LIMIT_MAX];

	if (p->has_limit)
		cgroup_plan_add(plan, CGROUP_PIDS, "pids.max", "%s",
				cgroup_limit_text(text, p->limit ? p->limit : 1, "max"));
}

/* Both what is used and what is reserved: without the latter a process can map what it may not
 * touch, and gets SIGBUS. Kernels before 5.7 have no reservation. */
static void plan_hugepages(struct cgroup_plan *plan, bool v2, const struct cgroup_hugepage *h)
{
	static const char *const suffix[2][2] = { { "limit_in_bytes", "rsvd.limit_in_bytes" },
						  { "max", "rsvd.max" } };

	for (int i = 0; i < 2; i++) {
		_buf_ struct buf file = { 0 };

		buf_addf(&file, "hugetlb.%s.%s", h->pageSize, suffix[v2][i]);
		cgroup_plan_add(plan, CGROUP_HUGETLB, buf_str(&file), "%llu",
				(unsigned long long)h->limit)
			->optional = i == 1;
	}
}

static void plan_rdma(struct cgroup_plan *plan, const struct cgroup_rdma *r)
{
	_buf_ struct buf value = { 0 };

	buf_adds(&value, r->device);
	if (r->has_hcaHandles)
		buf_addf(&value, " hca_handle=%llu", (unsigned long long)r->hcaHandles);
	if (r->has_hcaObjects)
		buf_addf(&value, " hca_object=%llu", (unsigned long long)r->hcaObjects);
	cgroup_plan_add(plan, CGROUP_RDMA, "rdma.max", "%s", buf_str(&value));
}

static void plan_network(struct cgroup_plan *plan, const struct cgroup_network *n)
{
	if (n->has_classID)
		cgroup_plan_add(plan, CGROUP_NET_CLS, "net_cls.classid", "%llu",
				(unsigned long long)n->classID);
	for (size_t i = 0; i < n->n_priorities; i++)
		cgroup_plan_add(plan, CGROUP_NET_PRIO, "net_prio.ifpriomap", "%s %llu",
				n->priorities[i].name,
				(unsigned long long)n->priorities[i].priority);
}

int cgroup_plan_limits(struct cgroup_plan *plan, const struct cgroup *g,
		       const struct cgroup_resources *r, struct buf *why)
{
	if (r->pids)
		plan_pids(plan, r->pids);
	if (r->memory && cgroup_plan_memory(plan, g, r->memory, why) < 0)
		return -1;
	if (r->blockIO && cgroup_plan_io(plan, g, r->blockIO, why) < 0)
		return -1;
	if (r->cpu && cgroup_plan_cpu(plan, g, r->cpu, why) < 0)
		return -1;
	for (size_t i = 0; i < r->n_hugepageLimits; i++)
		plan_hugepages(plan, cgroup_on_v2(g, CGROUP_HUGETLB), &r->hugepageLimits[i]);
	for (size_t i = 0; i < r->n_rdma; i++)
		plan_rdma(plan, &r->rdma[i]);
	if (r->network)
		plan_network(plan, r->network);
	return 0;
}

/* "memory.high" belongs to memory, "cgroup.max.depth" to the hierarchy. */
int cgroup_controller_of_key(const char *key)
{
	size_t len = strcspn(key, ".");

	if (!key[len] || !key[len + 1] || strchr(key, '/'))
		return set_errno(EINVAL);
	if (len == 6 && !memcmp(key, "cgroup", 6))
		return CGROUP_CORE;
	return cgroup_controller_of(key, len);
}

/* A limit concerns the group it is set on. These reach processes and groups beyond it: with
 * "cgroup.procs" whoever writes limits (an image's or a stranger's config.json) would move, with
 * "cgroup.kill" end, processes of the host's. */
bool cgroup_is_limit(const char *key)
{
	static const char *const others[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill",
					      "cgroup.subtree_control" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (str_eq(key, others[i]))
			return false;
	}
	return true;
}

void cgroup_plan_lines(struct cgroup_plan *plan, enum cgroup_controller c, const char *file,
		       const char *lines)
{
	while (*lines) {
		int len = (int)strcspn(lines, "\n");

		if (len)
			cgroup_plan_add(plan, c, file, "%.*s", len, lines);
		lines += len + (lines[len] != '\0');
	}
}

int cgroup_plan_unified(struct cgroup_plan *plan, const struct cgroup *g,
			const struct cgroup_unified *u, struct buf *why)
{
	for (size_t i = 0; i < u->n; i++) {
		int c = cgroup_controller_of_key(u->v[i].key);

		if (c < 0 || !cgroup_is_limit(u->v[i].key))
			return cgroup_refuse(why, EINVAL, "set unified '%s'", u->v[i].key);
		if (!cgroup_on_v2(g, (enum cgroup_controller)c))
			return cgroup_refuse(
				why, EOPNOTSUPP,
				"set unified '%s' (its controller is not on cgroup v2)",
				u->v[i].key);
		cgroup_plan_lines(plan, (enum cgroup_controller)c, u->v[i].key, u->v[i].value);
	}
	return 0;
}
