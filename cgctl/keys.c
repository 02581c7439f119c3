#include "cgctl/keys.h"
#include "lib/cgroup_res.h"
#include "lib/str.h"

/* In an order in which they can be set: a threaded group has no other controllers, an idle one no
 * weight. */
const struct group_key group_keys[] = {
	{ "cgroup.type", "domain", NULL },
	{ "cgroup.max.depth", "max", NULL },
	{ "cgroup.max.descendants", "max", NULL },
	{ "cpu.idle", "0", NULL },
	{ "cpu.weight", "100", NULL },
	{ "cpu.max", "max 100000", NULL },
	{ "cpu.max.burst", "0", NULL },
	{ "cpu.uclamp.min", "0.00", NULL },
	{ "cpu.uclamp.max", "max", NULL },
	{ "cpuset.cpus", NULL, NULL },
	{ "cpuset.mems", NULL, NULL },
	{ "cpuset.cpus.partition", "member", NULL },
	{ "io.weight", "default 100", NULL },
	{ "io.bfq.weight", "default 100", NULL },
	{ "io.max", "", NULL },
	{ "io.latency", "", NULL },
	{ "memory.min", "0", NULL },
	{ "memory.low", "0", "max" },
	{ "memory.high", "max", NULL },
	{ "memory.max", "max", NULL },
	{ "memory.swap.max", "max", NULL },
	{ "memory.zswap.max", "max", NULL },
	{ "memory.oom.group", "0", NULL },
	{ "pids.max", "max", NULL },
	{ "hugetlb.64KB.max", "max", NULL },
	{ "hugetlb.2MB.max", "max", NULL },
	{ "hugetlb.32MB.max", "max", NULL },
	{ "hugetlb.1GB.max", "max", NULL },
	{ "rdma.max", "", NULL },
	{ "misc.max", "", NULL },
	{ "net_cls.classid", "0", NULL },
};
const size_t group_keys_n = ARRAY_LEN(group_keys);

static bool is_idle(const struct cgroup *g)
{
	_buf_ struct buf idle = { 0 };

	return cgroup_get_word(g, "cpu.idle", &idle) == 0 && str_eq(buf_str(&idle), "1");
}

bool group_key_get(const struct cgroup *g, const struct group_key *k, struct buf *value)
{
	if (cgroup_get_word(g, k->name, value) < 0)
		return false;
	/* There is no way back from threaded, nor a need to ask for a domain. */
	if (str_eq(k->name, "cgroup.type"))
		return str_eq(buf_str(value), "threaded");
	/* The kernel shows none for an idle group, and takes none. */
	return !str_eq(k->name, "cpu.weight") || !is_idle(g);
}

bool group_key_is_unset(const struct cgroup *parent, const struct group_key *k, const char *value)
{
	_buf_ struct buf above = { 0 };

	if (!*value || (k->unset && str_eq(value, k->unset)) ||
	    (k->v1_unset && str_eq(value, k->v1_unset)))
		return true;
	return !k->unset && group_key_get(parent, k, &above) && str_eq(buf_str(&above), value);
}
