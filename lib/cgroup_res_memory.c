#include "lib/cgroup_res_private.h"

const char *cgroup_limit_text(char out[LIMIT_MAX], int64_t limit, const char *unlimited)
{
	if (limit < 0)
		snprintf(out, LIMIT_MAX, "%s", unlimited);
	else
		snprintf(out, LIMIT_MAX, "%lld", (long long)limit);
	return out;
}

static void add_limit(struct cgroup_plan *plan, const char *file, int64_t limit,
		      const char *unlimited, bool optional)
{
	char text[LIMIT_MAX];

	cgroup_plan_add(plan, CGROUP_MEMORY, file, "%s", cgroup_limit_text(text, limit, unlimited))
		->optional = optional;
}

/* OCI's zero means "not given", as it does in runc. */
static int64_t given(bool has, int64_t value)
{
	return has ? value : 0;
}

/* The limit that swap, counted with memory by OCI, is to be reckoned from. */
static int base_limit(const struct cgroup *g, int64_t limit, int64_t *base)
{
	uint64_t now;

	*base = limit;
	if (limit)
		return 0;
	if (cgroup_read_u64(cgroup_dirfd(g, CGROUP_MEMORY), "memory.max", &now) < 0)
		return -1;
	*base = now > INT64_MAX ? -1 : (int64_t)now;
	return 0;
}

static int v2_swap(struct cgroup_plan *plan, const struct cgroup *g, const struct cgroup_memory *m,
		   struct buf *why)
{
	int64_t limit = given(m->has_limit, m->limit), swap = given(m->has_swap, m->swap), base;

	if (!swap) {
		if (limit < 0)
			add_limit(plan, "memory.swap.max", -1, "max", true);
		return 0;
	}
	if (swap < 0) {
		add_limit(plan, "memory.swap.max", -1, "max", true);
		return 0;
	}
	if (base_limit(g, limit, &base) < 0 || base < 0)
		return cgroup_refuse(why, EINVAL, "limit memory and swap, but not memory");
	if (swap < base)
		return cgroup_refuse(why, EINVAL, "limit memory and swap below memory");
	/* Without swap accounting there is no file, and no swap to deny either. */
	add_limit(plan, "memory.swap.max", swap - base, "max", swap == base);
	return 0;
}

static int v2_memory(struct cgroup_plan *plan, const struct cgroup *g,
		     const struct cgroup_memory *m, struct buf *why)
{
	int64_t limit = given(m->has_limit, m->limit);
	uint64_t usage;

	if (m->checkBeforeUpdate && limit > 0 &&
	    cgroup_read_u64(cgroup_dirfd(g, CGROUP_MEMORY), "memory.current", &usage) == 0 &&
	    usage > (uint64_t)limit)
		return cgroup_refuse(why, EBUSY, "limit memory to %lld (usage is %llu)",
				     (long long)limit, (unsigned long long)usage);
	if (v2_swap(plan, g, m, why) < 0)
		return -1;
	if (limit)
		add_limit(plan, "memory.max", limit, "max", false);
	if (given(m->has_reservation, m->reservation))
		add_limit(plan, "memory.low", m->reservation, "max", false);
	return 0;
}

static int v1_memory(struct cgroup_plan *plan, const struct cgroup_memory *m, struct buf *why)
{
	int64_t limit = given(m->has_limit, m->limit), swap = given(m->has_swap, m->swap);

	if (limit > 0 && swap > 0 && swap < limit)
		return cgroup_refuse(why, EINVAL, "limit memory and swap below memory");
	if (m->has_swappiness && m->swappiness > 100)
		return cgroup_refuse(why, EINVAL, "set swappiness %llu",
				     (unsigned long long)m->swappiness);
	if (limit)
		add_limit(plan, "memory.limit_in_bytes", limit, "-1", false);
	if (swap || limit < 0)
		add_limit(plan, "memory.memsw.limit_in_bytes", swap ? swap : -1, "-1", swap <= 0);
	if (given(m->has_reservation, m->reservation))
		add_limit(plan, "memory.soft_limit_in_bytes", m->reservation, "-1", false);
	if (given(m->has_kernelTCP, m->kernelTCP))
		add_limit(plan, "memory.kmem.tcp.limit_in_bytes", m->kernelTCP, "-1", true);
	if (m->has_swappiness)
		cgroup_plan_add(plan, CGROUP_MEMORY, "memory.swappiness", "%llu",
				(unsigned long long)m->swappiness);
	if (m->has_disableOOMKiller)
		cgroup_plan_add(plan, CGROUP_MEMORY, "memory.oom_control", "%d",
				m->disableOOMKiller);
	/* Always on since 5.11; writing 0 is EINVAL. */
	if (m->has_useHierarchy && m->useHierarchy)
		cgroup_plan_add(plan, CGROUP_MEMORY, "memory.use_hierarchy", "1")->optional = true;
	return 0;
}

int cgroup_plan_memory(struct cgroup_plan *plan, const struct cgroup *g,
		       const struct cgroup_memory *m, struct buf *why)
{
	if (cgroup_on_v2(g, CGROUP_MEMORY))
		return v2_memory(plan, g, m, why);
	return v1_memory(plan, m, why);
}
