#include <string.h>

#include "lib/cgroup_res_private.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

/* Words on their way into a plan. v1 limits memory and swap together, so what memory.max and
 * memory.swap.max say is combined when all words are known. */
struct words {
	struct cgroup_plan *plan;
	const struct cgroup *g;
	struct buf *why;
	bool has_limit, has_swap;
	int64_t limit, swap; /* -1: max */
};

typedef int plan_word(struct words *w, const char *key, const char *value);

static int refuse_value(struct words *w, const char *key, const char *value)
{
	return cgroup_refuse(w->why, EINVAL, "set '%s' to '%s'", key, value);
}

/* "max" is -1. */
static int parse_size(const char *value, int64_t *out)
{
	if (str_eq(value, "max")) {
		*out = -1;
		return 0;
	}
	return num_size(value, false, out);
}

static int v1_memory_max(struct words *w, const char *key, const char *value)
{
	w->has_limit = true;
	return parse_size(value, &w->limit) < 0 ? refuse_value(w, key, value) : 0;
}

static int v1_swap_max(struct words *w, const char *key, const char *value)
{
	w->has_swap = true;
	return parse_size(value, &w->swap) < 0 ? refuse_value(w, key, value) : 0;
}

static int v1_size(struct words *w, const char *key, const char *value, const char *file,
		   enum cgroup_controller c)
{
	char text[LIMIT_MAX];
	int64_t n;

	if (parse_size(value, &n) < 0)
		return refuse_value(w, key, value);
	cgroup_plan_add(w->plan, c, file, "%s", cgroup_limit_text(text, n, "-1"));
	return 0;
}

static int v1_memory_low(struct words *w, const char *key, const char *value)
{
	return v1_size(w, key, value, "memory.soft_limit_in_bytes", CGROUP_MEMORY);
}

/* hugetlb.2MB.max, hugetlb.2MB.rsvd.max */
static int v1_hugetlb(struct words *w, const char *key, const char *value)
{
	_free_ char *file = NULL;

	if (!str_ends(key, ".max"))
		return cgroup_refuse(w->why, EOPNOTSUPP, "set '%s' on cgroup v1", key);
	file = xasprintf("%.*s.limit_in_bytes", (int)(strlen(key) - strlen(".max")), key);
	return v1_size(w, key, value, file, CGROUP_HUGETLB);
}

static int v1_cpu_weight(struct words *w, const char *key, const char *value)
{
	uint64_t weight;

	if (num_u64(value, 10000, &weight) < 0 || !weight)
		return refuse_value(w, key, value);
	cgroup_plan_add(w->plan, CGROUP_CPU, "cpu.shares", "%llu",
			(unsigned long long)cgroup_weight_to_shares(weight));
	return 0;
}

static int v1_cpu_max(struct words *w, const char *key, const char *value)
{
	_strv_ struct strv part = { 0 };
	uint64_t quota = 0, period = 0;

	strv_split(&part, value, ' ');
	if (part.n > 2 ||
	    (!str_eq(part.v[0], "max") && num_u64(part.v[0], INT64_MAX, &quota) < 0) ||
	    (part.n == 2 && num_u64(part.v[1], INT64_MAX, &period) < 0))
		return refuse_value(w, key, value);
	if (part.n == 2)
		cgroup_plan_add(w->plan, CGROUP_CPU, "cpu.cfs_period_us", "%llu",
				(unsigned long long)period);
	cgroup_plan_add(w->plan, CGROUP_CPU, "cpu.cfs_quota_us", "%s",
			str_eq(part.v[0], "max") ? "-1" : part.v[0]);
	return 0;
}

static int v1_cpu_burst(struct words *w, _unused_ const char *key, const char *value)
{
	cgroup_plan_add(w->plan, CGROUP_CPU, "cpu.cfs_burst_us", "%s", value);
	return 0;
}

/* "N", "default N" or "MAJOR:MINOR N". BFQ's scale is io.weight's, up to 1000; blkio.weight has its
 * own. */
static int v1_io_weight(struct words *w, const char *key, const char *value)
{
	bool bfq = cgroup_has_file(w->g, CGROUP_IO, "blkio.bfq.weight");
	const char *space = strrchr(value, ' ');
	bool device = space && !str_starts(value, "default ");
	_free_ char *file = xasprintf("blkio.%sweight%s", bfq ? "bfq." : "",
				      device ? "_device" : "");
	uint64_t weight;

	if (num_u64(space ? space + 1 : value, 10000, &weight) < 0 || !weight)
		return refuse_value(w, key, value);
	if (!bfq)
		weight = cgroup_io_to_blkio_weight(weight);
	cgroup_plan_add(w->plan, CGROUP_IO, file, "%.*s%llu", device ? (int)(space + 1 - value) : 0,
			value, (unsigned long long)(weight < 1000 ? weight : 1000));
	return 0;
}

/* "MAJOR:MINOR rbps=N wiops=max ..." */
static int v1_io_max(struct words *w, const char *key, const char *value)
{
	_strv_ struct strv part = { 0 };

	strv_split(&part, value, ' ');
	for (size_t i = 1; i < part.n; i++) {
		const char *file = NULL, *number = NULL;

		for (size_t t = 0; t < cgroup_throttles_n && !number; t++) {
			file = cgroup_throttles[t].v1_file;
			number = str_after(part.v[i], cgroup_throttles[t].key);
			if (number && *number++ != '=')
				number = NULL;
		}
		if (!number)
			return refuse_value(w, key, value);
		cgroup_plan_add(w->plan, CGROUP_IO, file, "%s %s", part.v[0],
				str_eq(number, "max") ? "0" : number);
	}
	return part.n > 1 ? 0 : refuse_value(w, key, value);
}

static const struct {
	const char *key;
	plan_word *plan;
} v1_words[] = {
	{ "memory.max", v1_memory_max }, { "memory.swap.max", v1_swap_max },
	{ "memory.low", v1_memory_low }, { "cpu.weight", v1_cpu_weight },
	{ "cpu.max", v1_cpu_max },	 { "cpu.max.burst", v1_cpu_burst },
	{ "io.weight", v1_io_weight },	 { "io.max", v1_io_max },
};

static int v1_word(struct words *w, enum cgroup_controller c, const char *key, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(v1_words); i++) {
		if (str_eq(key, v1_words[i].key))
			return v1_words[i].plan(w, key, value);
	}
	if (cgroup_has_file(w->g, c, key)) {
		cgroup_plan_lines(w->plan, c, key, value);
		return 0;
	}
	if (c == CGROUP_HUGETLB)
		return v1_hugetlb(w, key, value);
	return cgroup_refuse(w->why, EOPNOTSUPP, "set '%s' on cgroup v1", key);
}

/* The kernel's own suffixes are K, M, G; "1.5g" and "64MiB" are ours. */
static int v2_word(struct words *w, enum cgroup_controller c, const char *key, const char *value)
{
	int64_t bytes;

	if ((c == CGROUP_MEMORY || c == CGROUP_HUGETLB) && num_size(value, false, &bytes) == 0)
		cgroup_plan_add(w->plan, c, key, "%lld", (long long)bytes);
	else
		cgroup_plan_lines(w->plan, c, key, value);
	return 0;
}

static int one_word(struct words *w, const char *key, const char *value)
{
	int c = cgroup_controller_of_key(key);

	if (c < 0 || !cgroup_is_limit(key))
		return cgroup_refuse(w->why, EINVAL, "set '%s'", key);
	if (cgroup_hierarchy_of(w->g->layout, (enum cgroup_controller)c) < 0)
		return cgroup_refuse(w->why, EOPNOTSUPP, "set '%s' (no hierarchy has %s)", key,
				     cgroup_controller_name((enum cgroup_controller)c));
	if (!*value)
		return refuse_value(w, key, value);
	return cgroup_on_v2(w->g, (enum cgroup_controller)c)
		       ? v2_word(w, (enum cgroup_controller)c, key, value)
		       : v1_word(w, (enum cgroup_controller)c, key, value);
}

int cgroup_v1_limits(const struct cgroup *g, int64_t *limit, int64_t *swap)
{
	int dirfd = cgroup_dirfd(g, CGROUP_MEMORY);
	uint64_t memory, both;

	if (cgroup_read_u64(dirfd, "memory.limit_in_bytes", &memory) < 0)
		return -1;
	if (cgroup_read_u64(dirfd, "memory.memsw.limit_in_bytes", &both) < 0)
		both = V1_UNLIMITED;
	*limit = memory >= V1_UNLIMITED ? -1 : (int64_t)memory;
	*swap = both >= V1_UNLIMITED	      ? -1
		: *limit < 0 || both < memory ? 0
					      : (int64_t)(both - memory);
	return 0;
}

/* v2's two independent limits as v1's limits of memory and of both: what is not given stays. */
static int v1_memory(struct words *w)
{
	int64_t limit, swap, both = -1;
	char text[LIMIT_MAX];

	if (!w->has_limit && !w->has_swap)
		return 0;
	if (cgroup_v1_limits(w->g, &limit, &swap) < 0)
		return cgroup_refuse(w->why, errno, "read the limits of memory");
	if (w->has_limit)
		limit = w->limit;
	if (w->has_swap)
		swap = w->swap;
	if (limit < 0 && swap >= 0 && w->has_swap)
		return cgroup_refuse(w->why, EOPNOTSUPP,
				     "limit swap, but not memory, on cgroup v1");
	if (w->has_limit)
		cgroup_plan_add(w->plan, CGROUP_MEMORY, "memory.limit_in_bytes", "%s",
				cgroup_limit_text(text, limit, "-1"));
	/* Without a limit, or with one that no sum says, there is none for both. */
	if (limit < 0 || (swap >= 0 && __builtin_add_overflow(limit, swap, &both)))
		swap = -1;
	cgroup_plan_add(w->plan, CGROUP_MEMORY, "memory.memsw.limit_in_bytes", "%s",
			cgroup_limit_text(text, swap < 0 ? -1 : both, "-1"))
		->optional = swap <= 0;
	return 0;
}

int cgroup_plan_words(struct cgroup_plan *plan, const struct cgroup *g,
		      const struct cgroup_setting *word, size_t n, struct buf *why)
{
	struct words w = { .plan = plan, .g = g, .why = why };

	for (size_t i = 0; i < n; i++) {
		if (one_word(&w, word[i].key, word[i].value) < 0)
			return -1;
	}
	return v1_memory(&w);
}
