/* resources.c - linux.resources: memory, CPU, processes, block devices. */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bundle/config.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/sys.h"

enum { MEMORY_MIN = 6 << 20, CPU_PERIOD_US = 100000 };

static int64_t parse_size(const char *option, const char *text, bool negative_one)
{
	int64_t n;

	if (num_size(text, negative_one, &n))
		opt_misuse("invalid %s '%s'", option, text);
	return n;
}

/* Whether this kernel counts swap; where it does not, a limit would make the container fail to
 * start. */
static bool has_swap_limit(void)
{
	_free_ char *v1 = xasprintf("%s/memory/memory.memsw.limit_in_bytes", sys_cgroup_root());
	_free_ char *v1_memory = xasprintf("%s/memory", sys_cgroup_root());

	return !access(v1, F_OK) || access(v1_memory, F_OK);
}

static void apply_swap(struct json *memory, const struct request *r, int64_t limit)
{
	int64_t swap;

	if (!r->memory_swap && limit <= 0)
		return;
	swap = r->memory_swap ? parse_size("--memory-swap", r->memory_swap, true) : 2 * limit;
	if (r->memory_swap && limit <= 0 && swap > 0)
		opt_misuse("--memory-swap needs --memory");
	if (swap > 0 && swap < limit)
		opt_misuse("--memory-swap is below --memory");
	/* 0 is docker's "not set". */
	if (swap == 0 && limit > 0)
		swap = 2 * limit;
	if (!swap || !has_swap_limit()) {
		if (r->memory_swap && swap)
			warnx("--memory-swap ignored: this kernel does not count swap");
		return;
	}
	json_set(memory, "swap", json_new_int(swap));
}

static void apply_memory(struct json *resources, const struct request *r)
{
	struct json *memory = tree_obj(resources, "memory");
	int64_t limit = 0;
	int swappiness;

	if (r->memory) {
		limit = parse_size("--memory", r->memory, true);
		if (limit > 0 && limit < MEMORY_MIN)
			opt_misuse("--memory is below the minimum of 6 MiB");
		json_set(memory, "limit", json_new_int(limit));
	}
	if (r->memory_reservation)
		json_set(memory, "reservation",
			 json_new_int(
				 parse_size("--memory-reservation", r->memory_reservation, true)));
	apply_swap(memory, r, limit);
	if (r->memory_swappiness) {
		if (num_int(r->memory_swappiness, -1, 100, &swappiness))
			opt_misuse("invalid --memory-swappiness '%s'", r->memory_swappiness);
		if (swappiness >= 0)
			json_set(memory, "swappiness", json_new_int(swappiness));
	}
	if (r->oom_kill_disable)
		json_set(memory, "disableOOMKiller", json_new_bool(true));
}

/* "1.5" to billionths. */
static int64_t parse_cpus(const char *text)
{
	const char *dot = strchr(text, '.');
	size_t decimals = dot ? strlen(dot + 1) : 0;
	_free_ char *digits = NULL;
	uint64_t n = 0;

	if (decimals <= 9)
		digits = xasprintf("%.*s%s%.*s", dot ? (int)(dot - text) : (int)strlen(text), text,
				   dot ? dot + 1 : "", (int)(9 - decimals), "000000000");
	if (!digits || num_u64(digits, INT64_MAX / CPU_PERIOD_US, &n) || !n)
		opt_misuse("invalid --cpus '%s'", text);
	return (int64_t)n;
}

static void set_number(struct json *obj, const char *member, const char *option, const char *text,
		       int64_t min)
{
	int64_t n;

	if (!text)
		return;
	if (num_i64(text, min, INT64_MAX, &n))
		opt_misuse("invalid %s '%s'", option, text);
	json_set(obj, member, json_new_int(n));
}

static void set_cpu_list(struct json *cpu, const char *member, const char *option, const char *text)
{
	if (!text)
		return;
	if (!*text || text[strspn(text, "0123456789,-")])
		opt_misuse("invalid %s '%s'", option, text);
	tree_set_str(cpu, member, text);
}

static void apply_cpu(struct json *resources, const struct request *r)
{
	struct json *cpu = tree_obj(resources, "cpu");

	if (r->cpus && (r->cpu_period || r->cpu_quota))
		opt_misuse("--cpus excludes --cpu-period and --cpu-quota");
	if (r->cpus) {
		int64_t nano = parse_cpus(r->cpus);

		json_set(cpu, "quota", json_new_int(nano * CPU_PERIOD_US / 1000000000));
		json_set(cpu, "period", json_new_int(CPU_PERIOD_US));
	}
	set_number(cpu, "shares", "--cpu-shares", r->cpu_shares, 0);
	set_number(cpu, "period", "--cpu-period", r->cpu_period, 0);
	set_number(cpu, "quota", "--cpu-quota", r->cpu_quota, -1);
	set_cpu_list(cpu, "cpus", "--cpuset-cpus", r->cpuset_cpus);
	set_cpu_list(cpu, "mems", "--cpuset-mems", r->cpuset_mems);
}

static void apply_pids(struct json *resources, const char *text)
{
	int64_t n;

	if (num_i64(text, -1, INT64_MAX, &n))
		opt_misuse("invalid --pids-limit '%s'", text);
	json_set(tree_obj(resources, "pids"), "limit", json_new_int(n > 0 ? n : -1));
}

static void add_throttle(struct json *resources, const char *member, const char *text, bool bytes)
{
	const char *colon = strrchr(text, ':');
	_free_ char *device = xmemdup0(text, colon ? (size_t)(colon - text) : 0);
	struct json *entry;
	struct stat st;
	int64_t rate;

	if (!colon ||
	    (bytes ? num_size(colon + 1, false, &rate) : num_i64(colon + 1, 0, INT64_MAX, &rate)))
		opt_misuse("invalid limit '%s': DEVICE:RATE wanted", text);
	if (stat(device, &st))
		die("stat '%s'", device);
	if (!S_ISBLK(st.st_mode))
		opt_misuse("'%s' is no block device", device);
	entry = json_append(tree_array(tree_obj(resources, "blockIO"), member),
			    json_new(JSON_OBJECT));
	json_set(entry, "major", json_new_int(major(st.st_rdev)));
	json_set(entry, "minor", json_new_int(minor(st.st_rdev)));
	json_set(entry, "rate", json_new_int(rate));
}

static void apply_block_io(struct json *resources, const struct request *r)
{
	const struct {
		const struct strv *list;
		const char *member;
		bool bytes;
	} throttles[] = {
		{ &r->read_bps, "throttleReadBpsDevice", true },
		{ &r->write_bps, "throttleWriteBpsDevice", true },
		{ &r->read_iops, "throttleReadIOPSDevice", false },
		{ &r->write_iops, "throttleWriteIOPSDevice", false },
	};
	int weight;

	if (r->blkio_weight) {
		if (num_int(r->blkio_weight, 0, 1000, &weight) || (weight && weight < 10))
			opt_misuse("invalid --blkio-weight '%s': 10 to 1000 wanted",
				   r->blkio_weight);
		if (weight)
			json_set(tree_obj(resources, "blockIO"), "weight", json_new_int(weight));
	}
	for (size_t i = 0; i < ARRAY_LEN(throttles); i++)
		for (size_t k = 0; k < throttles[i].list->n; k++)
			add_throttle(resources, throttles[i].member, throttles[i].list->v[k],
				     throttles[i].bytes);
}

void apply_resources(struct json *config, const struct request *r)
{
	struct json *resources = tree_obj(tree_obj(config, "linux"), "resources");

	if (r->memory || r->memory_reservation || r->memory_swap || r->memory_swappiness ||
	    r->oom_kill_disable)
		apply_memory(resources, r);
	if (r->cpus || r->cpu_shares || r->cpu_period || r->cpu_quota || r->cpuset_cpus ||
	    r->cpuset_mems)
		apply_cpu(resources, r);
	if (r->pids_limit)
		apply_pids(resources, r->pids_limit);
	apply_block_io(resources, r);
}
