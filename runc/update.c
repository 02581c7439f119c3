/* update - change the limits of a container. */
#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/resources.h"
#include "runc/group.h"
#include "runc/merge.h"
#include "runc/rdt.h"
#include "runc/runc.h"
#include "runc/scope.h"
#include "runc/update.h"

enum { RESOURCES_MAX = 1 << 20 };

static const char *file, *l3_cache, *mem_bw, *kernel_memory, *kernel_memory_tcp;

static struct strv unified;
static struct update_live live;

enum value_kind { WORD, COUNT, NUMBER, SIZE };

enum {
	BLKIO_WEIGHT,
	CPU_PERIOD,
	CPU_QUOTA,
	CPU_BURST,
	CPU_SHARE,
	CPU_RT_PERIOD,
	CPU_RT_RUNTIME,
	CPU_IDLE,
	CPUSET_CPUS,
	CPUSET_MEMS,
	MEMORY,
	MEMORY_RESERVATION,
	MEMORY_SWAP,
	PIDS_LIMIT,
};

/* An option that sets one member. */
static struct setting {
	const char *option, *object, *member;
	enum value_kind kind;
	const char *value; /* NULL or "": not given */
} settings[] = {
	[BLKIO_WEIGHT] = { "blkio-weight", "blockIO", "weight", COUNT, NULL },
	[CPU_PERIOD] = { "cpu-period", "cpu", "period", COUNT, NULL },
	[CPU_QUOTA] = { "cpu-quota", "cpu", "quota", NUMBER, NULL },
	[CPU_BURST] = { "cpu-burst", "cpu", "burst", COUNT, NULL },
	[CPU_SHARE] = { "cpu-share", "cpu", "shares", COUNT, NULL },
	[CPU_RT_PERIOD] = { "cpu-rt-period", "cpu", "realtimePeriod", COUNT, NULL },
	[CPU_RT_RUNTIME] = { "cpu-rt-runtime", "cpu", "realtimeRuntime", NUMBER, NULL },
	[CPU_IDLE] = { "cpu-idle", "cpu", "idle", NUMBER, NULL },
	[CPUSET_CPUS] = { "cpuset-cpus", "cpu", "cpus", WORD, NULL },
	[CPUSET_MEMS] = { "cpuset-mems", "cpu", "mems", WORD, NULL },
	[MEMORY] = { "memory", "memory", "limit", SIZE, NULL },
	[MEMORY_RESERVATION] = { "memory-reservation", "memory", "reservation", SIZE, NULL },
	[MEMORY_SWAP] = { "memory-swap", "memory", "swap", SIZE, NULL },
	[PIDS_LIMIT] = { "pids-limit", "pids", "limit", NUMBER, NULL },
};

static const struct opt opts[] = {
	{ 'r', "resources", OPT_STR, &file, "FILE",
	  "linux.resources to change, as JSON; - is stdin; other options are then ignored" },
	{ 0, "blkio-weight", OPT_STR, &settings[BLKIO_WEIGHT].value, "N",
	  "weight of block I/O, 10 to 1000" },
	{ 0, "cpu-period", OPT_STR, &settings[CPU_PERIOD].value, "US", "period of the quota" },
	{ 0, "cpu-quota", OPT_STR, &settings[CPU_QUOTA].value, "US",
	  "CPU time in a period; -1: no limit" },
	{ 0, "cpu-burst", OPT_STR, &settings[CPU_BURST].value, "US",
	  "time saved up beyond the quota" },
	{ 0, "cpu-share", OPT_STR, &settings[CPU_SHARE].value, "N",
	  "weight against other containers" },
	{ 0, "cpu-rt-period", OPT_STR, &settings[CPU_RT_PERIOD].value, "US", "period of realtime" },
	{ 0, "cpu-rt-runtime", OPT_STR, &settings[CPU_RT_RUNTIME].value, "US",
	  "realtime in a period" },
	{ 0, "cpu-idle", OPT_STR, &settings[CPU_IDLE].value, "0|1",
	  "run only when nothing else does" },
	{ 0, "cpuset-cpus", OPT_STR, &settings[CPUSET_CPUS].value, "LIST", "CPUs to run on" },
	{ 0, "cpuset-mems", OPT_STR, &settings[CPUSET_MEMS].value, "LIST", "memory nodes to use" },
	{ 0, "memory", OPT_STR, &settings[MEMORY].value, "SIZE", "memory; -1: no limit" },
	{ 0, "memory-reservation", OPT_STR, &settings[MEMORY_RESERVATION].value, "SIZE",
	  "memory to keep" },
	{ 0, "memory-swap", OPT_STR, &settings[MEMORY_SWAP].value, "SIZE",
	  "memory and swap; -1: no limit" },
	{ 0, "pids-limit", OPT_STR, &settings[PIDS_LIMIT].value, "N", "processes; -1: no limit" },
	{ 0, "unified", OPT_STRV, &unified, "FILE=VALUE", "a file of cgroup v2, as it is" },
	UPDATE_LIVE_OPTIONS(live),
	{ 0, "l3-cache-schema", OPT_STR, &l3_cache, "SCHEMA", "share of caches (Intel RDT)" },
	{ 0, "mem-bw-schema", OPT_STR, &mem_bw, "SCHEMA", "share of memory bandwidth (Intel RDT)" },
	{ 0, "kernel-memory", OPT_STR, &kernel_memory, "SIZE", NULL },
	{ 0, "kernel-memory-tcp", OPT_STR, &kernel_memory_tcp, "SIZE", NULL },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[OPTION]... ID",
	.purpose = "Change the limits of the container; what is not named stays.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

static int parse_value(const struct setting *s, int64_t *n)
{
	uint64_t count;

	if (s->kind == SIZE)
		return num_size(s->value, true, n);
	if (s->kind == NUMBER)
		return num_i64(s->value, INT64_MIN, INT64_MAX, n);
	if (num_u64(s->value, INT64_MAX, &count))
		return -1;
	*n = (int64_t)count;
	return 0;
}

static void add_setting(struct json *patch, const struct setting *s)
{
	struct json *object;
	int64_t n = 0;

	if (!s->value || !*s->value)
		return;
	if (s->kind != WORD && parse_value(s, &n))
		diex("invalid value for %s: '%s'", s->option, s->value);
	object = json_make(patch, s->object, JSON_OBJECT);
	json_set(object, s->member, s->kind == WORD ? json_new_str(s->value) : json_new_int(n));
}

static void add_unified(struct json *patch)
{
	for (size_t i = 0; i < unified.n; i++) {
		const char *eq = strchr(unified.v[i], '=');

		if (!eq || eq == unified.v[i])
			diex("--unified: '%s' is not FILE=VALUE", unified.v[i]);

		_free_ char *key = xmemdup0(unified.v[i], (size_t)(eq - unified.v[i]));

		json_set(json_make(patch, "unified", JSON_OBJECT), key, json_new_str(eq + 1));
	}
}

static struct json *patch_from_options(void)
{
	struct json *patch = json_new(JSON_OBJECT);

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		add_setting(patch, &settings[i]);
	add_unified(patch);
	if (kernel_memory || kernel_memory_tcp)
		warnx("Kernel memory settings are ignored and will be removed");
	return patch;
}

static struct json *patch_from_file(void)
{
	_close_ int opened = str_eq(file, "-") ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	_buf_ struct buf text = { 0 };
	char why[JSON_WHY_MAX];
	struct json *patch;

	if (opened < 0 && !str_eq(file, "-"))
		die("open '%s'", file);
	if (io_read_all(opened < 0 ? STDIN_FILENO : opened, RESOURCES_MAX, &text))
		die("read '%s'", file);
	patch = json_parse(buf_str(&text), text.len, JSON_LAST_WINS, why);
	if (!patch)
		diex("'%s': %s", file, why);
	return patch;
}

/* As it was. What fails here is not worth a second error. */
static void put_back(const struct cgroup_plan *old, const struct group *g)
{
	_buf_ struct buf why = { 0 };
	int saved = errno;

	if (cgroup_plan_put_back(old, &g->cgroup, &why))
		warn("cannot put the old limits back: %s", buf_str(&why));
	errno = saved;
}

/* All or nothing: in the group's files, and then in systemd's mind, which writes to the same. */
static void apply(const struct container *c, const struct group *g, const struct json *patch)
{
	struct cgroup_resources r = { 0 };
	_cgroup_plan_ struct cgroup_plan plan = { 0 }, old = { 0 };
	_buf_ struct buf why = { 0 };
	char reason[DECODE_WHY_MAX];

	if (decode(&resources_schema, patch, "resources", &r, reason))
		diex("%s", reason);
	if (cgroup_plan_resources(&plan, &g->cgroup, &r, &why))
		die("%s", buf_str(&why));
	cgroup_plan_save(&old, &plan, &g->cgroup);
	if (cgroup_plan_run(&plan, &g->cgroup, &why)) {
		put_back(&old, g);
		die("%s", buf_str(&why));
	}
	if (scope_update(c, patch, &why)) {
		put_back(&old, g);
		diex("%s", buf_str(&why));
	}
	decode_free(&resources_schema, &r);
}

/* The copy of config.json in the state directory says from now on what holds. */
static void record(const struct container *c, struct spec *spec, const struct json *patch)
{
	merge_into(json_make(json_make(spec->json, "linux", JSON_OBJECT), "resources", JSON_OBJECT),
		   patch);
	container_save_spec(c, spec);
}

static void record_rdt(struct spec *spec)
{
	struct json *rdt;

	if (!l3_cache && !mem_bw)
		return;
	rdt = json_make(json_make(spec->json, "linux", JSON_OBJECT), "intelRdt", JSON_OBJECT);
	if (l3_cache)
		json_set(rdt, "l3CacheSchema", json_new_str(l3_cache));
	if (mem_bw)
		json_set(rdt, "memBwSchema", json_new_str(mem_bw));
}

static void set_limits(const struct container *c, struct spec *spec, struct json *patch)
{
	_group_ struct group g = GROUP_NONE;

	xgroup_open(&g, c);
	merge_complete(patch, json_find(spec->json, "linux.resources"));
	rdt_update(c, l3_cache, mem_bw);
	apply(c, &g, patch);
	rdt_settle();
	record_rdt(spec);
	record(c, spec, patch);
}

int verb_update(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_spec_ struct spec spec = { 0 };
	_json_ struct json *patch = NULL;
	char why[DECODE_WHY_MAX] = "";

	argv += runc_parse(argc, argv, &usage, 1, 1);
	xcontainer_load(&c, argv[0], true);
	patch = file ? patch_from_file() : patch_from_options();
	if (container_status(&c) == STATUS_STOPPED)
		diex("container not running");
	if (container_spec(&c, &spec, why))
		diex("%s: %s", CONTAINER_CONFIG, *why ? why : strerror(errno));
	if (patch->child || l3_cache || mem_bw || !update_live_wanted(&live))
		set_limits(&c, &spec, patch);
	if (update_live_wanted(&live))
		update_live_apply(&c, &spec, &live);
	return 0;
}
