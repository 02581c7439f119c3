/* v2_metrics_v1.c - io.containerd.cgroups.v1.Metrics. */
#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"
#include "shim/v2_metrics.h"

enum { TICKS = 100, NS_A_TICK = 1000000000 / TICKS };

struct entry { /* of blkio or memory */
	uint64_t limit, usage, max, failcnt;
};

struct device_io {
	char *op, *device;
	uint64_t major, minor, value;
};

struct huge {
	uint64_t usage, max, failcnt;
	char *pagesize;
};

/* What the tables of blkio call them, in the order of the message's fields. */
enum { BLKIO_LISTS = 8 };

struct metrics {
	struct pb_list huge;
	struct {
		uint64_t current, limit;
	} pids;
	struct {
		uint64_t total, kernel, user;
		struct pb_u64v per_cpu;
		uint64_t periods, throttled, throttled_ns;
	} cpu;
	struct {
		uint64_t stat[32]; /* by field number - 1 */
		struct entry usage, swap, kernel, kernel_tcp;
	} memory;
	struct pb_list blkio[BLKIO_LISTS];
	struct {
		uint64_t kill_disable, under_oom, oom_kill;
	} oom;
};

/* clang-format off */
#define U(number, member) { number, PB_U64, offsetof(struct metrics, member), NULL }
#define PART(name) static const struct pb_schema name = { sizeof(struct metrics), name##_fields }
/* The parts are views of the whole, so their tables have its offsets. */

static const struct pb_field huge_fields[] = {
	{ 1, PB_U64, offsetof(struct huge, usage), NULL },
	{ 2, PB_U64, offsetof(struct huge, max), NULL },
	{ 3, PB_U64, offsetof(struct huge, failcnt), NULL },
	{ 4, PB_STR, offsetof(struct huge, pagesize), NULL },
	{ 0 },
};
static const struct pb_schema huge = { sizeof(struct huge), huge_fields };
static const struct pb_field pids_fields[] = { U(1, pids.current), U(2, pids.limit), { 0 } };
PART(pids);
static const struct pb_field cpu_usage_fields[] = {
	U(1, cpu.total), U(2, cpu.kernel), U(3, cpu.user),
	{ 4, PB_U64V, offsetof(struct metrics, cpu.per_cpu), NULL }, { 0 },
};
PART(cpu_usage);
static const struct pb_field throttling_fields[] = {
	U(1, cpu.periods), U(2, cpu.throttled), U(3, cpu.throttled_ns), { 0 },
};
PART(throttling);
static const struct pb_field cpu_fields[] = {
	{ 1, PB_SUB, 0, &cpu_usage }, { 2, PB_SUB, 0, &throttling }, { 0 },
};
PART(cpu);
static const struct pb_field entry_fields[] = {
	{ 1, PB_U64, offsetof(struct entry, limit), NULL },
	{ 2, PB_U64, offsetof(struct entry, usage), NULL },
	{ 3, PB_U64, offsetof(struct entry, max), NULL },
	{ 4, PB_U64, offsetof(struct entry, failcnt), NULL },
	{ 0 },
};
static const struct pb_schema entry = { sizeof(struct entry), entry_fields };
#define S(number) U(number, memory.stat[(number) - 1])
static const struct pb_field memory_fields[] = {
	S(1), S(2), S(3), S(4), S(5), S(6), S(7), S(8), S(9), S(10), S(11), S(12), S(13), S(14), S(15),
	S(16), S(17), S(18), S(19), S(20), S(21), S(22), S(23), S(24), S(25), S(26), S(27), S(28),
	S(29), S(30), S(31), S(32),
	{ 33, PB_SUB, offsetof(struct metrics, memory.usage), &entry },
	{ 34, PB_SUB, offsetof(struct metrics, memory.swap), &entry },
	{ 35, PB_SUB, offsetof(struct metrics, memory.kernel), &entry },
	{ 36, PB_SUB, offsetof(struct metrics, memory.kernel_tcp), &entry },
	{ 0 },
};
PART(memory);
static const struct pb_field device_fields[] = {
	{ 1, PB_STR, offsetof(struct device_io, op), NULL },
	{ 2, PB_STR, offsetof(struct device_io, device), NULL },
	{ 3, PB_U64, offsetof(struct device_io, major), NULL },
	{ 4, PB_U64, offsetof(struct device_io, minor), NULL },
	{ 5, PB_U64, offsetof(struct device_io, value), NULL },
	{ 0 },
};
static const struct pb_schema device = { sizeof(struct device_io), device_fields };
#define B(number) { number, PB_LIST, offsetof(struct metrics, blkio[(number) - 1]), &device }
static const struct pb_field blkio_fields[] = {
	B(1), B(2), B(3), B(4), B(5), B(6), B(7), B(8), { 0 },
};
PART(blkio);
static const struct pb_field oom_fields[] = {
	U(1, oom.kill_disable), U(2, oom.under_oom), U(3, oom.oom_kill), { 0 },
};
PART(oom);
static const struct pb_field metrics_fields[] = {
	{ 1, PB_LIST, offsetof(struct metrics, huge), &huge }, { 2, PB_SUB, 0, &pids },
	{ 3, PB_SUB, 0, &cpu }, { 4, PB_SUB, 0, &memory }, { 5, PB_SUB, 0, &blkio },
	{ 9, PB_SUB, 0, &oom }, { 0 },
};
PART(metrics);

#define L(key, member) { key, offsetof(struct metrics, member) }
#define K(key, number) L(key, memory.stat[(number) - 1])
static const struct counter memory_stat[] = {
	K("cache", 1), K("rss", 2), K("rss_huge", 3), K("mapped_file", 4), K("dirty", 5),
	K("writeback", 6), K("pgpgin", 7), K("pgpgout", 8), K("pgfault", 9), K("pgmajfault", 10),
	K("inactive_anon", 11), K("active_anon", 12), K("inactive_file", 13), K("active_file", 14),
	K("unevictable", 15), K("hierarchical_memory_limit", 16), K("hierarchical_memsw_limit", 17),
	K("total_cache", 18), K("total_rss", 19), K("total_rss_huge", 20), K("total_mapped_file", 21),
	K("total_dirty", 22), K("total_writeback", 23), K("total_pgpgin", 24), K("total_pgpgout", 25),
	K("total_pgfault", 26), K("total_pgmajfault", 27), K("total_inactive_anon", 28),
	K("total_active_anon", 29), K("total_inactive_file", 30), K("total_active_file", 31),
	K("total_unevictable", 32), { NULL, 0 },
};
static const struct counter cpu_stat[] = {
	L("nr_periods", cpu.periods), L("nr_throttled", cpu.throttled),
	L("throttled_time", cpu.throttled_ns), { NULL, 0 },
};
static const struct counter cpuacct_stat[] = {
	L("user", cpu.user), L("system", cpu.kernel), { NULL, 0 },
};
static const struct counter oom_control[] = {
	L("oom_kill_disable", oom.kill_disable), L("under_oom", oom.under_oom),
	L("oom_kill", oom.oom_kill), { NULL, 0 },
};

/* CFQ counts all of these, throttling only two; whichever there is. */
static const char *const blkio_files[BLKIO_LISTS][2] = {
	{ "blkio.bfq.io_service_bytes_recursive", "blkio.throttle.io_service_bytes" },
	{ "blkio.bfq.io_serviced_recursive", "blkio.throttle.io_serviced" },
	{ "blkio.bfq.io_queued_recursive", NULL }, { "blkio.bfq.io_service_time_recursive", NULL },
	{ "blkio.bfq.io_wait_time_recursive", NULL }, { "blkio.bfq.io_merged_recursive", NULL },
	{ "blkio.bfq.time_recursive", NULL }, { "blkio.bfq.sectors_recursive", NULL },
};
/* clang-format on */

static void read_per_cpu(int dirfd, struct pb_u64v *to)
{
	_buf_ struct buf text = { 0 };
	char *save = NULL;

	if (dirfd < 0 || cgroup_read(dirfd, "cpuacct.usage_percpu", &text) < 0 || !text.len)
		return;
	to->v = xcalloc(text.len, sizeof(*to->v));
	for (char *w = strtok_r(text.data, " \n", &save); w; w = strtok_r(NULL, " \n", &save))
		if (num_u64(w, UINT64_MAX, &to->v[to->n]) == 0)
			to->n++;
}

static void read_cpu(const struct cgroup *g, struct metrics *m)
{
	int acct = cgroup_dirfd(g, CGROUP_CPUACCT);

	metrics_number(acct, "cpuacct.usage", &m->cpu.total);
	metrics_lines(acct, "cpuacct.stat", cpuacct_stat, m);
	m->cpu.user *= NS_A_TICK;
	m->cpu.kernel *= NS_A_TICK;
	read_per_cpu(acct, &m->cpu.per_cpu);
	metrics_lines(cgroup_dirfd(g, CGROUP_CPU), "cpu.stat", cpu_stat, m);
}

static void read_entry(int dirfd, const char *what, struct entry *e)
{
	char file[64];

	snprintf(file, sizeof(file), "memory.%slimit_in_bytes", what);
	metrics_number(dirfd, file, &e->limit);
	snprintf(file, sizeof(file), "memory.%susage_in_bytes", what);
	metrics_number(dirfd, file, &e->usage);
	snprintf(file, sizeof(file), "memory.%smax_usage_in_bytes", what);
	metrics_number(dirfd, file, &e->max);
	snprintf(file, sizeof(file), "memory.%sfailcnt", what);
	metrics_number(dirfd, file, &e->failcnt);
}

static void read_memory(int dirfd, struct metrics *m)
{
	metrics_lines(dirfd, "memory.stat", memory_stat, m);
	read_entry(dirfd, "", &m->memory.usage);
	read_entry(dirfd, "memsw.", &m->memory.swap);
	read_entry(dirfd, "kmem.", &m->memory.kernel);
	read_entry(dirfd, "kmem.tcp.", &m->memory.kernel_tcp);
	metrics_lines(dirfd, "memory.oom_control", oom_control, m);
}

/* "8:0 Read 4096", or without the word in between. */
static void read_device(const char *line, struct pb_list *to)
{
	struct device_io d = { .op = NULL }, *new;
	const char *rest = metrics_device(line, &d.major, &d.minor);
	const char *space = rest ? strchr(rest, ' ') : NULL;

	if (!rest || num_u64(space ? space + 1 : rest, UINT64_MAX, &d.value))
		return;
	d.op = xmemdup0(rest, space ? (size_t)(space - rest) : 0);
	new = pb_list_add(to, sizeof(d));
	*new = d;
}

static bool read_blkio(int dirfd, const char *file, struct pb_list *to)
{
	_buf_ struct buf text = { 0 };
	char *save = NULL;

	if (!file || dirfd < 0 || cgroup_read(dirfd, file, &text) < 0)
		return false;
	for (char *l = strtok_r(text.len ? text.data : NULL, "\n", &save); l;
	     l = strtok_r(NULL, "\n", &save))
		read_device(l, to);
	return true;
}

static void add_huge(void *arg, int dirfd, const char *size)
{
	struct huge *h = pb_list_add(arg, sizeof(*h));
	char file[64];

	h->pagesize = xstrdup(size);
	snprintf(file, sizeof(file), "hugetlb.%s.usage_in_bytes", size);
	metrics_number(dirfd, file, &h->usage);
	snprintf(file, sizeof(file), "hugetlb.%s.max_usage_in_bytes", size);
	metrics_number(dirfd, file, &h->max);
	snprintf(file, sizeof(file), "hugetlb.%s.failcnt", size);
	metrics_number(dirfd, file, &h->failcnt);
}

void metrics_v1(const struct cgroup *g, struct buf *out)
{
	int pids_dirfd = cgroup_dirfd(g, CGROUP_PIDS), io_dirfd = cgroup_dirfd(g, CGROUP_IO);
	struct metrics m;

	memset(&m, 0, sizeof(m));
	metrics_number(pids_dirfd, "pids.current", &m.pids.current);
	metrics_number(pids_dirfd, "pids.max", &m.pids.limit);
	read_cpu(g, &m);
	read_memory(cgroup_dirfd(g, CGROUP_MEMORY), &m);
	for (int i = 0; i < BLKIO_LISTS; i++)
		if (!read_blkio(io_dirfd, blkio_files[i][0], &m.blkio[i]))
			read_blkio(io_dirfd, blkio_files[i][1], &m.blkio[i]);
	metrics_pages(cgroup_dirfd(g, CGROUP_HUGETLB), ".usage_in_bytes", add_huge, &m.huge);
	/* "No limit" of pids is 0 here. */
	if (m.pids.limit == UINT64_MAX)
		m.pids.limit = 0;
	pb_encode(&metrics, &m, out);
	pb_list_free(&huge, &m.huge);
	for (int i = 0; i < BLKIO_LISTS; i++)
		pb_list_free(&device, &m.blkio[i]);
	free(m.cpu.per_cpu.v);
}
