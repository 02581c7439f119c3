#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"
#include "runc/rdt.h"
#include "runc/stats.h"

/* cpuacct.stat counts in USER_HZ, which is 100 everywhere. */
enum { NS_PER_TICK = 10000000, NS_PER_US = 1000 };

uint64_t stats_number(int dirfd, const char *file)
{
	uint64_t n;

	return dirfd < 0 || cgroup_read_u64(dirfd, file, &n) ? 0 : n;
}

static uint64_t keyed(int dirfd, const char *file, const char *key)
{
	uint64_t n;

	return dirfd < 0 || cgroup_read_key(dirfd, file, key, &n) ? 0 : n;
}

void stats_emit_u64_if(struct emit *e, const char *key, uint64_t n)
{
	if (n)
		emit_u64(e, key, n);
}

/* "avg10=0.50": a number that Go would print as 0.5. */
static void emit_average(struct emit *e, const char *word)
{
	size_t name = strcspn(word, "=");
	const char *value = word[name] ? word + name + 1 : "0";
	size_t len = strlen(value);
	_free_ char *key = xmemdup0(word, name);

	if (strspn(value, "0123456789.") != len || !len)
		return;
	while (strchr(value, '.') && value[len - 1] == '0')
		len--;
	len -= value[len - 1] == '.';
	emit_raw(e, key, value, len);
}

void stats_emit_psi(struct emit *e, int dirfd, const char *file)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };

	if (dirfd < 0 || cgroup_read(dirfd, file, &text) || !text.len)
		return;
	strv_split(&lines, text.data, '\n');
	emit_object(e, "psi");
	for (size_t i = 0; i < lines.n; i++) {
		_strv_ struct strv words = { 0 };

		strv_split(&words, lines.v[i], ' ');
		emit_object(e, words.v[0]);
		for (size_t k = 1; k < words.n; k++)
			emit_average(e, words.v[k]);
		emit_end(e);
	}
	emit_end(e);
}

/* Numbers of a line, each times WHICH column of it; "usage_all" has a title line. */
static void emit_column(struct emit *e, const char *key, int dirfd, const char *file, size_t column)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };

	if (cgroup_read(dirfd, file, &text) || !text.len)
		return;
	strv_split(&lines, text.data, '\n');
	emit_array(e, key);
	for (size_t i = 1; i < lines.n; i++) {
		_strv_ struct strv words = { 0 };
		uint64_t n = 0;

		strv_split(&words, lines.v[i], ' ');
		if (words.n > column && !num_u64(words.v[column], UINT64_MAX, &n))
			emit_u64(e, NULL, n);
	}
	emit_end(e);
}

static void emit_percpu(struct emit *e, int dirfd)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv words = { 0 };

	if (cgroup_read(dirfd, "cpuacct.usage_percpu", &text) || !text.len)
		return;
	strv_split(&words, text.data, ' ');
	emit_array(e, "percpu");
	for (size_t i = 0; i < words.n; i++) {
		uint64_t n;

		if (!num_u64(words.v[i], UINT64_MAX, &n))
			emit_u64(e, NULL, n);
	}
	emit_end(e);
	emit_column(e, "percpu_kernel", dirfd, "cpuacct.usage_all", 2);
	emit_column(e, "percpu_user", dirfd, "cpuacct.usage_all", 1);
}

static void emit_cpu_usage(struct emit *e, const struct cgroup *g)
{
	int dirfd = cgroup_dirfd(g, CGROUP_CPUACCT);

	emit_object(e, "usage");
	if (cgroup_on_v2(g, CGROUP_CPUACCT)) {
		stats_emit_u64_if(e, "total", keyed(dirfd, "cpu.stat", "usage_usec") * NS_PER_US);
		emit_u64(e, "kernel", keyed(dirfd, "cpu.stat", "system_usec") * NS_PER_US);
		emit_u64(e, "user", keyed(dirfd, "cpu.stat", "user_usec") * NS_PER_US);
	} else {
		stats_emit_u64_if(e, "total", stats_number(dirfd, "cpuacct.usage"));
		if (dirfd >= 0)
			emit_percpu(e, dirfd);
		emit_u64(e, "kernel", keyed(dirfd, "cpuacct.stat", "system") * NS_PER_TICK);
		emit_u64(e, "user", keyed(dirfd, "cpuacct.stat", "user") * NS_PER_TICK);
	}
	emit_end(e);
}

static void emit_cpu(struct emit *e, const struct cgroup *g)
{
	int dirfd = cgroup_dirfd(g, CGROUP_CPU);
	bool v2 = cgroup_on_v2(g, CGROUP_CPU);
	uint64_t throttled = v2 ? keyed(dirfd, "cpu.stat", "throttled_usec") * NS_PER_US
				: keyed(dirfd, "cpu.stat", "throttled_time");

	emit_object(e, "cpu");
	emit_cpu_usage(e, g);
	emit_object(e, "throttling");
	stats_emit_u64_if(e, "periods", keyed(dirfd, "cpu.stat", "nr_periods"));
	stats_emit_u64_if(e, "throttledPeriods", keyed(dirfd, "cpu.stat", "nr_throttled"));
	stats_emit_u64_if(e, "throttledTime", throttled);
	emit_end(e);
	if (v2)
		stats_emit_psi(e, dirfd, "cpu.pressure");
	emit_end(e);
}

/* "0-2,7" as [0,1,2,7]; nothing for an empty list. */
static void emit_list(struct emit *e, const char *key, int dirfd, const char *file)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv ranges = { 0 };

	if (dirfd < 0 || cgroup_read(dirfd, file, &text) || !text.len)
		return;
	strv_split(&ranges, text.data, ',');
	emit_array(e, key);
	for (size_t i = 0; i < ranges.n; i++) {
		_strv_ struct strv ends = { 0 };
		uint64_t first, last;

		strv_split(&ends, ranges.v[i], '-');
		if (num_u64(ends.v[0], UINT16_MAX, &first) ||
		    num_u64(ends.v[ends.n - 1], UINT16_MAX, &last))
			continue;
		for (; first <= last; first++)
			emit_u64(e, NULL, first);
	}
	emit_end(e);
}

static void emit_cpuset(struct emit *e, const struct cgroup *g)
{
	static const struct {
		const char *key, *file;
	} flags[] = {
		{ "mem_hardwall", "cpuset.mem_hardwall" },
		{ "mem_exclusive", "cpuset.mem_exclusive" },
		{ "memory_migrate", "cpuset.memory_migrate" },
		{ "memory_spread_page", "cpuset.memory_spread_page" },
		{ "memory_spread_slab", "cpuset.memory_spread_slab" },
		{ "memory_pressure", "cpuset.memory_pressure" },
		{ "sched_load_balance", "cpuset.sched_load_balance" },
	};
	int dirfd = cgroup_on_v2(g, CGROUP_CPUSET) ? -1 : cgroup_dirfd(g, CGROUP_CPUSET);
	_buf_ struct buf level = { 0 };
	int64_t n = 0;

	emit_object(e, "cpuset");
	emit_list(e, "cpus", dirfd, "cpuset.cpus");
	emit_u64(e, "cpu_exclusive", stats_number(dirfd, "cpuset.cpu_exclusive"));
	emit_list(e, "mems", dirfd, "cpuset.mems");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		emit_u64(e, flags[i].key, stats_number(dirfd, flags[i].file));
	if (dirfd >= 0 && !cgroup_read(dirfd, "cpuset.sched_relax_domain_level", &level) &&
	    num_i64(buf_str(&level), INT64_MIN, INT64_MAX, &n))
		n = 0;
	emit_int(e, "sched_relax_domain_level", n);
	emit_end(e);
}

struct memory_entry {
	uint64_t limit, usage, max, failcnt;
};

static void emit_entry(struct emit *e, const char *key, const struct memory_entry *m)
{
	emit_object(e, key);
	emit_u64(e, "limit", m->limit);
	stats_emit_u64_if(e, "usage", m->usage);
	stats_emit_u64_if(e, "max", m->max);
	emit_u64(e, "failcnt", m->failcnt);
	emit_end(e);
}

static struct memory_entry v1_entry(int dirfd, const char *kind)
{
	char file[64];
	struct memory_entry m;

#define OF(name) \
	(snprintf(file, sizeof(file), "memory%s.%s", kind, name), stats_number(dirfd, file))
	m = (struct memory_entry){ OF("limit_in_bytes"), OF("usage_in_bytes"),
				   OF("max_usage_in_bytes"), OF("failcnt") };
#undef OF
	return m;
}

static void emit_memory_v1(struct emit *e, int dirfd)
{
	static const struct {
		const char *key, *kind;
	} entries[] = {
		{ "usage", "" },
		{ "swap", ".memsw" },
		{ "kernel", ".kmem" },
		{ "kernelTCP", ".kmem.tcp" },
	};

	stats_emit_u64_if(e, "cache", keyed(dirfd, "memory.stat", "cache"));
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		struct memory_entry m = v1_entry(dirfd, entries[i].kind);

		emit_entry(e, entries[i].key, &m);
	}
}

/* v1 counts memory and swap together, so that is what readers take "swap" for. */
static void emit_memory_v2(struct emit *e, int dirfd)
{
	struct memory_entry none = { 0 }, usage, swap;

	usage = (struct memory_entry){ stats_number(dirfd, "memory.max"),
				       stats_number(dirfd, "memory.current"),
				       stats_number(dirfd, "memory.peak"),
				       keyed(dirfd, "memory.events", "max") };
	swap = (struct memory_entry){ stats_number(dirfd, "memory.swap.max"),
				      stats_number(dirfd, "memory.swap.current") + usage.usage,
				      stats_number(dirfd, "memory.swap.peak"),
				      keyed(dirfd, "memory.swap.events", "fail") };
	if (swap.limit != UINT64_MAX)
		swap.limit = usage.limit == UINT64_MAX ? UINT64_MAX : swap.limit + usage.limit;
	stats_emit_u64_if(e, "cache", keyed(dirfd, "memory.stat", "file"));
	emit_entry(e, "usage", &usage);
	emit_entry(e, "swap", &swap);
	emit_entry(e, "kernel", &none);
	emit_entry(e, "kernelTCP", &none);
}

static void emit_raw_stat(struct emit *e, int dirfd)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };

	if (dirfd < 0 || cgroup_read(dirfd, "memory.stat", &text) || !text.len)
		return;
	strv_split(&lines, text.data, '\n');
	emit_object(e, "raw");
	for (size_t i = 0; i < lines.n; i++) {
		char *space = strchr(lines.v[i], ' ');
		uint64_t n;

		if (!space || num_u64(space + 1, UINT64_MAX, &n))
			continue;
		*space = '\0';
		emit_u64(e, lines.v[i], n);
	}
	emit_end(e);
}

static void emit_memory(struct emit *e, const struct cgroup *g)
{
	int dirfd = cgroup_dirfd(g, CGROUP_MEMORY);
	bool v2 = cgroup_on_v2(g, CGROUP_MEMORY);

	emit_object(e, "memory");
	if (v2)
		emit_memory_v2(e, dirfd);
	else
		emit_memory_v1(e, dirfd);
	emit_raw_stat(e, dirfd);
	if (v2)
		stats_emit_psi(e, dirfd, "memory.pressure");
	emit_end(e);
}

static void emit_pids(struct emit *e, const struct cgroup *g)
{
	int dirfd = cgroup_dirfd(g, CGROUP_PIDS);
	uint64_t limit = stats_number(dirfd, "pids.max");

	emit_object(e, "pids");
	stats_emit_u64_if(e, "current", stats_number(dirfd, "pids.current"));
	stats_emit_u64_if(e, "limit", limit == UINT64_MAX ? 0 : limit);
	emit_end(e);
}

/* One page size; what is reserved is what is limited, where the kernel counts that. */
static void emit_hugepages(struct emit *e, int dirfd, bool v2, const char *size)
{
	char rsvd[64], plain[64], file[128];
	bool reserved;

	snprintf(rsvd, sizeof(rsvd), "hugetlb.%s.rsvd", size);
	snprintf(plain, sizeof(plain), "hugetlb.%s", size);
	snprintf(file, sizeof(file), "%s.%s", rsvd, v2 ? "current" : "usage_in_bytes");
	reserved = !faccessat(dirfd, file, F_OK, 0);
	emit_object(e, size);
	snprintf(file, sizeof(file), "%s.%s", reserved ? rsvd : plain,
		 v2 ? "current" : "usage_in_bytes");
	stats_emit_u64_if(e, "usage", stats_number(dirfd, file));
	snprintf(file, sizeof(file), "%s.max_usage_in_bytes", reserved ? rsvd : plain);
	stats_emit_u64_if(e, "max", v2 ? 0 : stats_number(dirfd, file));
	snprintf(file, sizeof(file), "%s.%s", v2 || !reserved ? plain : rsvd,
		 v2 ? "events" : "failcnt");
	emit_u64(e, "failcnt", v2 ? keyed(dirfd, file, "max") : stats_number(dirfd, file));
	emit_end(e);
}

static void emit_hugetlb(struct emit *e, const struct cgroup *g)
{
	int dirfd = cgroup_dirfd(g, CGROUP_HUGETLB);
	bool v2 = cgroup_on_v2(g, CGROUP_HUGETLB);
	int fd = dirfd < 0 ? -1 : openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	emit_object(e, "hugetlb");
	for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
		const char *rest = str_after(d->d_name, "hugetlb.");
		const char *end = rest ? strchr(rest, '.') : NULL;

		if (!end || !str_eq(end, v2 ? ".current" : ".usage_in_bytes"))
			continue;

		_free_ char *size = xmemdup0(rest, (size_t)(end - rest));

		emit_hugepages(e, dirfd, v2, size);
	}
	emit_end(e);
	if (dir)
		closedir(dir);
}

void stats_emit(struct emit *e, const char *key, const struct container *c, const struct cgroup *g)
{
	emit_object(e, key);
	emit_cpu(e, g);
	emit_cpuset(e, g);
	emit_memory(e, g);
	emit_pids(e, g);
	stats_emit_blkio(e, g);
	emit_hugetlb(e, g);
	rdt_emit(e, "intel_rdt", c);
	/* Of networks that runc itself sets up; none are made here. */
	emit_null(e, "network_interfaces");
	emit_end(e);
}
