#include <string.h>

#include "lib/cgroup_res_private.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

/* What a v2 name is on v1: a number of one file, or something to be put together. */
typedef int get_word(const struct cgroup *g, struct buf *out);

static void add_limit(struct buf *out, uint64_t n)
{
	if (n >= V1_UNLIMITED)
		buf_adds(out, "max");
	else
		buf_addf(out, "%llu", (unsigned long long)n);
}

static int get_number(const struct cgroup *g, enum cgroup_controller c, const char *file,
		      struct buf *out)
{
	uint64_t n;

	if (cgroup_read_u64(cgroup_dirfd(g, c), file, &n) < 0)
		return -1;
	add_limit(out, n);
	return 0;
}

static int get_swap_max(const struct cgroup *g, struct buf *out)
{
	int64_t limit, swap;

	if (cgroup_v1_limits(g, &limit, &swap) < 0)
		return -1;
	add_limit(out, swap < 0 ? UINT64_MAX : (uint64_t)swap);
	return 0;
}

static int get_swap_current(const struct cgroup *g, struct buf *out)
{
	int dirfd = cgroup_dirfd(g, CGROUP_MEMORY);
	uint64_t memory, both;

	if (cgroup_read_u64(dirfd, "memory.usage_in_bytes", &memory) < 0 ||
	    cgroup_read_u64(dirfd, "memory.memsw.usage_in_bytes", &both) < 0)
		return -1;
	/* The two are not read at the same instant. */
	add_limit(out, both > memory ? both - memory : 0);
	return 0;
}

static int get_cpu_weight(const struct cgroup *g, struct buf *out)
{
	uint64_t shares;

	if (cgroup_read_u64(cgroup_dirfd(g, CGROUP_CPU), "cpu.shares", &shares) < 0)
		return -1;
	add_limit(out, cgroup_shares_to_weight(shares));
	return 0;
}

static int get_cpu_max(const struct cgroup *g, struct buf *out)
{
	_buf_ struct buf quota = { 0 }, period = { 0 };
	int dirfd = cgroup_dirfd(g, CGROUP_CPU);

	if (cgroup_read(dirfd, "cpu.cfs_quota_us", &quota) < 0 ||
	    cgroup_read(dirfd, "cpu.cfs_period_us", &period) < 0)
		return -1;
	buf_addf(out, "%s %s", *buf_str(&quota) == '-' ? "max" : buf_str(&quota), buf_str(&period));
	return 0;
}

static int get_io_weight(const struct cgroup *g, struct buf *out)
{
	int dirfd = cgroup_dirfd(g, CGROUP_IO);
	uint64_t weight;

	if (cgroup_read_u64(dirfd, "blkio.bfq.weight", &weight) < 0) {
		if (cgroup_read_u64(dirfd, "blkio.weight", &weight) < 0)
			return -1;
		weight = cgroup_blkio_to_io_weight(weight);
	}
	buf_addf(out, "default %llu", (unsigned long long)weight);
	return 0;
}

/* The value that FILE's TEXT has for DEVICE: "8:0 1048576" lines. */
static const char *find_device(const char *text, const char *device, size_t len, size_t *n)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (!strncmp(text, device, len) && text[len] == ' ') {
			*n = strcspn(text + len + 1, "\n");
			return text + len + 1;
		}
	}
	return NULL;
}

static void add_io_line(struct buf *out, const struct buf *text, const char *device, size_t len)
{
	buf_addf(out, "%s%.*s", out->len ? "\n" : "", (int)len, device);
	for (size_t t = 0; t < cgroup_throttles_n; t++) {
		size_t n = 0;
		const char *value = find_device(buf_str(&text[t]), device, len, &n);

		buf_addf(out, " %s=%.*s", cgroup_throttles[t].key, value ? (int)n : 3,
			 value ? value : "max");
	}
}

/* One line a device that any of the four files names. */
static int get_io_max(const struct cgroup *g, struct buf *out)
{
	struct buf text[4] = { 0 };
	_buf_ struct buf lines = { 0 };
	int rc = 0;

	for (size_t t = 0; t < cgroup_throttles_n && rc == 0; t++)
		rc = cgroup_read(cgroup_dirfd(g, CGROUP_IO), cgroup_throttles[t].v1_file, &text[t]);
	for (size_t t = 0; t < cgroup_throttles_n && rc == 0; t++) {
		const char *at = buf_str(&text[t]);

		for (; *at; at += strcspn(at, "\n"), at += *at == '\n') {
			size_t len = strcspn(at, " \n"), n, earlier = 0;

			while (earlier < t && !find_device(buf_str(&text[earlier]), at, len, &n))
				earlier++;
			if (earlier == t)
				add_io_line(&lines, text, at, len);
		}
	}
	for (size_t t = 0; t < cgroup_throttles_n; t++)
		buf_free(&text[t]);
	buf_add(out, buf_str(&lines), lines.len);
	return rc;
}

static const struct {
	const char *key, *v1_file; /* one number */
	get_word *get;		   /* else */
} v1_words[] = {
	{ "memory.max", "memory.limit_in_bytes", NULL },
	{ "memory.low", "memory.soft_limit_in_bytes", NULL },
	{ "memory.current", "memory.usage_in_bytes", NULL },
	{ "memory.peak", "memory.max_usage_in_bytes", NULL },
	{ "memory.swap.max", NULL, get_swap_max },
	{ "memory.swap.current", NULL, get_swap_current },
	{ "cpu.weight", NULL, get_cpu_weight },
	{ "cpu.max", NULL, get_cpu_max },
	{ "cpu.max.burst", "cpu.cfs_burst_us", NULL },
	{ "io.weight", NULL, get_io_weight },
	{ "io.max", NULL, get_io_max },
};

static int get_hugetlb(const struct cgroup *g, const char *key, struct buf *out)
{
	const char *suffix = strrchr(key, '.');
	_free_ char *file = NULL;

	if (!suffix || (!str_eq(suffix, ".max") && !str_eq(suffix, ".current")))
		return set_errno(EOPNOTSUPP);
	file = xasprintf("%.*s.%s", (int)(suffix - key), key,
			 str_eq(suffix, ".max") ? "limit_in_bytes" : "usage_in_bytes");
	return get_number(g, CGROUP_HUGETLB, file, out);
}

static int v1_get(const struct cgroup *g, enum cgroup_controller c, const char *key,
		  struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(v1_words); i++) {
		if (!str_eq(key, v1_words[i].key))
			continue;
		if (v1_words[i].get)
			return v1_words[i].get(g, out);
		return get_number(g, c, v1_words[i].v1_file, out);
	}
	if (c == CGROUP_HUGETLB && !cgroup_has_file(g, c, key))
		return get_hugetlb(g, key, out);
	return cgroup_read(cgroup_dirfd(g, c), key, out);
}

int cgroup_get_word(const struct cgroup *g, const char *key, struct buf *out)
{
	int c = cgroup_controller_of_key(key), dirfd;

	if (c < 0)
		return -1;
	dirfd = cgroup_dirfd(g, (enum cgroup_controller)c);
	if (dirfd < 0)
		return -1;
	if (!cgroup_on_v2(g, (enum cgroup_controller)c))
		return v1_get(g, (enum cgroup_controller)c, key, out);
	/* Linux 6.18 shows a hugetlb group's first limit as a number, later ones as "max". */
	if (c == CGROUP_HUGETLB && str_ends(key, ".max") &&
	    get_number(g, CGROUP_HUGETLB, key, out) == 0)
		return 0;
	return cgroup_read(dirfd, key, out);
}
