/* v2_metrics_v2.c - io.containerd.cgroups.v2.Metrics. */
#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"
#include "shim/v2_metrics.h"

struct psi_line {
	double avg10, avg60, avg300;
	uint64_t total;
};

struct psi {
	struct psi_line some, full;
};

struct device_io {
	uint64_t major, minor, rbytes, wbytes, rios, wios;
};

struct huge {
	uint64_t current, max, failcnt;
	char *pagesize;
};

struct metrics {
	struct {
		uint64_t current, limit;
	} pids;
	struct {
		uint64_t usage, user, system, periods, throttled, throttled_usec, bursts,
			burst_usec;
		struct psi psi;
	} cpu;
	struct {
		uint64_t stat[31]; /* by field number - 1 */
		uint64_t usage, limit, swap_usage, swap_limit, max_usage, swap_max_usage;
		struct psi psi;
	} memory;
	struct {
		struct pb_list devices;
		struct psi psi;
	} io;
	struct {
		uint64_t low, high, max, oom, oom_kill, oom_group_kill;
	} events;
	struct pb_list huge;
};

/* clang-format off */
#define U(number, member) { number, PB_U64, offsetof(struct metrics, member), NULL }

static const struct pb_field psi_line_fields[] = {
	{ 1, PB_DOUBLE, offsetof(struct psi_line, avg10), NULL },
	{ 2, PB_DOUBLE, offsetof(struct psi_line, avg60), NULL },
	{ 3, PB_DOUBLE, offsetof(struct psi_line, avg300), NULL },
	{ 4, PB_U64, offsetof(struct psi_line, total), NULL },
	{ 0 },
};
static const struct pb_schema psi_line = { sizeof(struct psi_line), psi_line_fields };
static const struct pb_field psi_fields[] = {
	{ 1, PB_SUB, offsetof(struct psi, some), &psi_line },
	{ 2, PB_SUB, offsetof(struct psi, full), &psi_line },
	{ 0 },
};
static const struct pb_schema psi = { sizeof(struct psi), psi_fields };

static const struct pb_field pids_fields[] = { U(1, pids.current), U(2, pids.limit), { 0 } };
static const struct pb_field cpu_fields[] = {
	U(1, cpu.usage), U(2, cpu.user), U(3, cpu.system), U(4, cpu.periods), U(5, cpu.throttled),
	U(6, cpu.throttled_usec), { 7, PB_MSG, offsetof(struct metrics, cpu.psi), &psi },
	U(8, cpu.bursts), U(9, cpu.burst_usec), { 0 },
};
#define S(number) U(number, memory.stat[(number) - 1])
static const struct pb_field memory_fields[] = {
	S(1), S(2), S(3), S(4), S(5), S(6), S(7), S(8), S(9), S(10), S(11), S(12), S(13), S(14), S(15),
	S(16), S(17), S(18), S(19), S(20), S(21), S(22), S(23), S(24), S(25), S(26), S(27), S(28),
	S(29), S(30), S(31),
	U(32, memory.usage), U(33, memory.limit), U(34, memory.swap_usage), U(35, memory.swap_limit),
	U(36, memory.max_usage), U(37, memory.swap_max_usage),
	{ 38, PB_MSG, offsetof(struct metrics, memory.psi), &psi }, { 0 },
};
static const struct pb_field device_fields[] = {
	{ 1, PB_U64, offsetof(struct device_io, major), NULL },
	{ 2, PB_U64, offsetof(struct device_io, minor), NULL },
	{ 3, PB_U64, offsetof(struct device_io, rbytes), NULL },
	{ 4, PB_U64, offsetof(struct device_io, wbytes), NULL },
	{ 5, PB_U64, offsetof(struct device_io, rios), NULL },
	{ 6, PB_U64, offsetof(struct device_io, wios), NULL },
	{ 0 },
};
static const struct pb_schema device = { sizeof(struct device_io), device_fields };
static const struct pb_field io_fields[] = {
	{ 1, PB_LIST, offsetof(struct metrics, io.devices), &device },
	{ 2, PB_MSG, offsetof(struct metrics, io.psi), &psi }, { 0 },
};
static const struct pb_field huge_fields[] = {
	{ 1, PB_U64, offsetof(struct huge, current), NULL },
	{ 2, PB_U64, offsetof(struct huge, max), NULL },
	{ 3, PB_STR, offsetof(struct huge, pagesize), NULL },
	{ 4, PB_U64, offsetof(struct huge, failcnt), NULL },
	{ 0 },
};
static const struct pb_schema huge = { sizeof(struct huge), huge_fields };
static const struct pb_field events_fields[] = {
	U(1, events.low), U(2, events.high), U(3, events.max), U(4, events.oom), U(5, events.oom_kill),
	U(6, events.oom_group_kill), { 0 },
};

/* The parts are views of the whole, so their tables have its offsets. */
#define PART(name) static const struct pb_schema name = { sizeof(struct metrics), name##_fields }
PART(pids);
PART(cpu);
PART(memory);
PART(io);
PART(events);
static const struct pb_field metrics_fields[] = {
	{ 1, PB_SUB, 0, &pids }, { 2, PB_SUB, 0, &cpu }, { 4, PB_SUB, 0, &memory },
	{ 6, PB_SUB, 0, &io }, { 7, PB_LIST, offsetof(struct metrics, huge), &huge },
	{ 8, PB_SUB, 0, &events }, { 0 },
};
PART(metrics);

#define L(key, member) { key, offsetof(struct metrics, member) }
static const struct counter cpu_stat[] = {
	L("usage_usec", cpu.usage), L("user_usec", cpu.user), L("system_usec", cpu.system),
	L("nr_periods", cpu.periods), L("nr_throttled", cpu.throttled),
	L("throttled_usec", cpu.throttled_usec), L("nr_bursts", cpu.bursts),
	L("burst_usec", cpu.burst_usec), { NULL, 0 },
};
static const struct counter memory_events[] = {
	L("low", events.low), L("high", events.high), L("max", events.max), L("oom", events.oom),
	L("oom_kill", events.oom_kill), L("oom_group_kill", events.oom_group_kill), { NULL, 0 },
};
#define K(key, number) L(key, memory.stat[(number) - 1])
static const struct counter memory_stat[] = {
	K("anon", 1), K("file", 2), K("kernel_stack", 3), K("slab", 4), K("sock", 5), K("shmem", 6),
	K("file_mapped", 7), K("file_dirty", 8), K("file_writeback", 9), K("anon_thp", 10),
	K("inactive_anon", 11), K("active_anon", 12), K("inactive_file", 13), K("active_file", 14),
	K("unevictable", 15), K("slab_reclaimable", 16), K("slab_unreclaimable", 17), K("pgfault", 18),
	K("pgmajfault", 19), K("workingset_refault", 20), K("workingset_activate", 21),
	K("workingset_nodereclaim", 22), K("pgrefill", 23), K("pgscan", 24), K("pgsteal", 25),
	K("pgactivate", 26), K("pgdeactivate", 27), K("pglazyfree", 28), K("pglazyfreed", 29),
	K("thp_fault_alloc", 30), K("thp_collapse_alloc", 31), { NULL, 0 },
};
/* clang-format on */

static void read_psi(int dirfd, const char *file, struct psi *p)
{
	_buf_ struct buf text = { 0 };
	char *save = NULL;

	if (dirfd < 0 || cgroup_read(dirfd, file, &text) < 0 || !text.len)
		return;
	for (char *l = strtok_r(text.data, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		struct psi_line *line = str_starts(l, "some ") ? &p->some : &p->full;
		unsigned long long total = 0;

		if (sscanf(l, "%*s avg10=%lf avg60=%lf avg300=%lf total=%llu", &line->avg10,
			   &line->avg60, &line->avg300, &total) == 4)
			line->total = total;
	}
}

static void read_device(char *line, struct pb_list *devices)
{
	static const struct counter words[] = {
		{ "rbytes", offsetof(struct device_io, rbytes) },
		{ "wbytes", offsetof(struct device_io, wbytes) },
		{ "rios", offsetof(struct device_io, rios) },
		{ "wios", offsetof(struct device_io, wios) },
		{ NULL, 0 },
	};
	struct device_io d = { 0 };
	const char *rest = metrics_device(line, &d.major, &d.minor);
	char *save = NULL;

	if (!rest)
		return;
	for (char *w = strtok_r(line + (rest - line), " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		for (const struct counter *c = words; c->key; c++) {
			const char *value = str_after(w, c->key);

			if (value && *value == '=')
				(void)!num_u64(value + 1, UINT64_MAX,
					       (uint64_t *)(void *)((char *)&d + c->offset));
		}
	memcpy(pb_list_add(devices, sizeof(d)), &d, sizeof(d));
}

static void read_io(int dirfd, struct pb_list *devices)
{
	_buf_ struct buf text = { 0 };
	char *save = NULL;

	if (dirfd < 0 || cgroup_read(dirfd, "io.stat", &text) < 0 || !text.len)
		return;
	for (char *l = strtok_r(text.data, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		read_device(l, devices);
}

static void add_huge(void *arg, int dirfd, const char *size)
{
	struct huge *h = pb_list_add(arg, sizeof(*h));
	char file[64];

	h->pagesize = xstrdup(size);
	snprintf(file, sizeof(file), "hugetlb.%s.current", size);
	metrics_number(dirfd, file, &h->current);
	snprintf(file, sizeof(file), "hugetlb.%s.max", size);
	metrics_number(dirfd, file, &h->max);
	snprintf(file, sizeof(file), "hugetlb.%s.events", size);
	(void)!cgroup_read_key(dirfd, file, "max", &h->failcnt);
}

void metrics_v2(const struct cgroup *g, struct buf *out)
{
	int core = cgroup_dirfd(g, CGROUP_CORE), mem = cgroup_dirfd(g, CGROUP_MEMORY);
	struct metrics m;

	memset(&m, 0, sizeof(m));
	metrics_number(core, "pids.current", &m.pids.current);
	metrics_number(core, "pids.max", &m.pids.limit);
	metrics_lines(core, "cpu.stat", cpu_stat, &m);
	read_psi(core, "cpu.pressure", &m.cpu.psi);
	metrics_lines(mem, "memory.stat", memory_stat, &m);
	metrics_number(mem, "memory.current", &m.memory.usage);
	metrics_number(mem, "memory.max", &m.memory.limit);
	metrics_number(mem, "memory.swap.current", &m.memory.swap_usage);
	metrics_number(mem, "memory.swap.max", &m.memory.swap_limit);
	metrics_number(mem, "memory.peak", &m.memory.max_usage);
	metrics_number(mem, "memory.swap.peak", &m.memory.swap_max_usage);
	read_psi(core, "memory.pressure", &m.memory.psi);
	metrics_lines(mem, "memory.events", memory_events, &m);
	read_io(core, &m.io.devices);
	read_psi(core, "io.pressure", &m.io.psi);
	metrics_pages(core, ".current", add_huge, &m.huge);
	pb_encode(&metrics, &m, out);
	pb_list_free(&device, &m.io.devices);
	pb_list_free(&huge, &m.huge);
}
