#include <stdarg.h>
#include <string.h>

#include "cgctl/unit_props.h"
#include "lib/mem.h"
#include "lib/num.h"

/* systemd's "infinity". */
#define INFINITE UINT64_MAX
enum { PERIOD_US = 100000, SECOND_US = 1000000, QUOTA_STEP_US = 10000, CPUS_MAX = 8192 };

struct unit_prop *unit_props_add(struct unit_props *p, const char *name, const char *sig)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 32;
		p->v = xreallocarray(p->v, p->cap, sizeof(*p->v));
	}
	p->v[p->n] = (struct unit_prop){ .name = xstrdup(name), .sig = xstrdup(sig) };
	return &p->v[p->n++];
}

void unit_props_addf(struct unit_props *p, const char *name, const char *sig, const char *fmt, ...)
{
	_buf_ struct buf value = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&value, fmt, ap);
	va_end(ap);
	strv_add(&unit_props_add(p, name, sig)->v, buf_str(&value));
}

static void free_prop(struct unit_prop *p)
{
	free(p->name);
	free(p->sig);
	strv_free(&p->v);
}

void unit_props_drop(struct unit_props *p, size_t i)
{
	free_prop(&p->v[i]);
	memmove(&p->v[i], &p->v[i + 1], (p->n - i - 1) * sizeof(*p->v));
	p->n--;
}

void unit_props_free(struct unit_props *p)
{
	for (size_t i = 0; i < p->n; i++)
		free_prop(&p->v[i]);
	free(p->v);
	*p = (struct unit_props){ 0 };
}

/* The last word wins, as it does for files. */
static void set_u64(struct unit_props *p, const char *name, uint64_t value)
{
	for (size_t i = 0; i < p->n; i++) {
		if (str_eq(p->v[i].name, name)) {
			unit_props_drop(p, i);
			break;
		}
	}
	unit_props_addf(p, name, "t", "%llu", (unsigned long long)value);
	p->v[p->n - 1].ours = true;
}

static uint64_t limit_of(int64_t limit)
{
	return limit < 0 ? INFINITE : (uint64_t)limit;
}

static int memory(struct unit_props *p, const struct cgroup_memory *m, bool v2, struct buf *why)
{
	int64_t limit = m->has_limit ? m->limit : 0, swap = m->has_swap ? m->swap : 0;

	if (limit)
		set_u64(p, v2 ? "MemoryMax" : "MemoryLimit", limit_of(limit));
	if (!v2)
		return 0;
	if (m->has_reservation && m->reservation)
		set_u64(p, "MemoryLow", limit_of(m->reservation));
	if (limit > 0 && swap > 0 && swap < limit) {
		buf_adds(why, "memory.swap is below memory.limit");
		return set_errno(EINVAL);
	}
	/* OCI counts both together, v2 only what is swapped. */
	if (swap < 0 || (!swap && limit < 0))
		set_u64(p, "MemorySwapMax", INFINITE);
	else if (swap > 0 && limit > 0)
		set_u64(p, "MemorySwapMax", (uint64_t)(swap - limit));
	return 0;
}

/* systemd keeps whole percents across a reload, so a quota is rounded up to one. */
static void quota(struct unit_props *p, int64_t us, uint64_t period)
{
	uint64_t per_second = INFINITE;

	if (us > 0) {
		double exact = (double)us * SECOND_US / (double)(period ? period : PERIOD_US);
		uint64_t whole = exact > 1e15 ? (uint64_t)1e15 : (uint64_t)exact;

		per_second = (whole + QUOTA_STEP_US - 1) / QUOTA_STEP_US * QUOTA_STEP_US;
	}
	set_u64(p, "CPUQuotaPerSecUSec", per_second);
	if (period)
		set_u64(p, "CPUQuotaPeriodUSec", period);
}

static int add_cpu(uint8_t bits[CPUS_MAX / 8], size_t *n, const char *range)
{
	_free_ char *first = xmemdup0(range, strcspn(range, "-"));
	const char *last = strchr(range, '-');
	uint64_t from, to;

	if (num_u64(first, CPUS_MAX - 1, &from) < 0 ||
	    num_u64(last ? last + 1 : first, CPUS_MAX - 1, &to) < 0 || from > to)
		return set_errno(EINVAL);
	for (; from <= to; from++) {
		bits[from / 8] |= (uint8_t)(1 << from % 8);
		if (*n < from / 8 + 1)
			*n = from / 8 + 1;
	}
	return 0;
}

/* "0-3,8" as bytes, the lowest CPUs first. */
static int cpu_list(struct unit_props *p, const char *name, const char *list, struct buf *why)
{
	uint8_t bits[CPUS_MAX / 8] = { 0 };
	_strv_ struct strv ranges = { 0 };
	struct unit_prop *prop;
	size_t n = 0;

	strv_split(&ranges, list, ',');
	for (size_t i = 0; i < ranges.n; i++) {
		if (add_cpu(bits, &n, ranges.v[i]) < 0) {
			buf_addf(why, "'%s' is no list of CPUs or nodes", list);
			return -1;
		}
	}
	prop = unit_props_add(p, name, "ay");
	prop->ours = true;
	for (size_t i = 0; i < n; i++)
		strv_take(&prop->v, xasprintf("%u", bits[i]));
	return 0;
}

static int cpusets(struct unit_props *p, const char *cpus, const char *mems, struct buf *why)
{
	if (cpus && *cpus && cpu_list(p, "AllowedCPUs", cpus, why) < 0)
		return -1;
	return mems && *mems ? cpu_list(p, "AllowedMemoryNodes", mems, why) : 0;
}

static int cpu(struct unit_props *p, const struct cgroup_cpu *c, bool v2, struct buf *why)
{
	if (v2 && c->has_idle && c->idle)
		set_u64(p, "CPUWeight", 0);
	else if (c->has_shares && c->shares && v2)
		set_u64(p, "CPUWeight", cgroup_shares_to_weight(c->shares));
	else if (c->has_shares && c->shares)
		set_u64(p, "CPUShares", c->shares);
	if ((c->has_quota && c->quota) || (c->has_period && c->period))
		quota(p, c->has_quota ? c->quota : 0, c->has_period ? c->period : 0);
	return v2 ? cpusets(p, c->cpus, c->mems, why) : 0;
}

static void add_throttle(struct unit_props *p, const char *name,
			 const struct cgroup_throttle_device *d, size_t n)
{
	struct unit_prop *prop;

	if (!n)
		return;
	prop = unit_props_add(p, name, "a(st)");
	prop->ours = true;
	for (size_t i = 0; i < n; i++) {
		strv_take(&prop->v, xasprintf("/dev/block/%lld:%lld", (long long)d[i].major,
					      (long long)d[i].minor));
		strv_take(&prop->v, xasprintf("%llu", (unsigned long long)(d[i].rate ? d[i].rate
										     : INFINITE)));
	}
}

static void weight_devices(struct unit_props *p, const struct cgroup_blockio *b, bool v2)
{
	struct unit_prop *prop = NULL;

	for (size_t i = 0; i < b->n_weightDevice; i++) {
		const struct cgroup_weight_device *d = &b->weightDevice[i];
		uint64_t weight = v2 ? cgroup_blkio_to_io_weight(d->weight) : d->weight;

		if (!d->has_weight || !d->weight)
			continue;
		if (!prop)
			prop = unit_props_add(p, v2 ? "IODeviceWeight" : "BlockIODeviceWeight",
					      "a(st)");
		prop->ours = true;
		strv_take(&prop->v, xasprintf("/dev/block/%lld:%lld", (long long)d->major,
					      (long long)d->minor));
		strv_take(&prop->v, xasprintf("%llu", (unsigned long long)weight));
	}
}

static void block_io(struct unit_props *p, const struct cgroup_blockio *b, bool v2)
{
	if (b->has_weight && b->weight && v2)
		set_u64(p, "IOWeight", cgroup_blkio_to_io_weight(b->weight));
	else if (b->has_weight && b->weight)
		set_u64(p, "BlockIOWeight", b->weight);
	weight_devices(p, b, v2);
	add_throttle(p, v2 ? "IOReadBandwidthMax" : "BlockIOReadBandwidth",
		     b->throttleReadBpsDevice, b->n_throttleReadBpsDevice);
	add_throttle(p, v2 ? "IOWriteBandwidthMax" : "BlockIOWriteBandwidth",
		     b->throttleWriteBpsDevice, b->n_throttleWriteBpsDevice);
	if (!v2)
		return;
	add_throttle(p, "IOReadIOPSMax", b->throttleReadIOPSDevice, b->n_throttleReadIOPSDevice);
	add_throttle(p, "IOWriteIOPSMax", b->throttleWriteIOPSDevice, b->n_throttleWriteIOPSDevice);
}

/* Files of v2 that are a number in systemd as well. */
static const struct {
	const char *file, *name;
} numbers[] = {
	{ "cpu.weight", "CPUWeight" },
	{ "memory.high", "MemoryHigh" },
	{ "memory.low", "MemoryLow" },
	{ "memory.max", "MemoryMax" },
	{ "memory.min", "MemoryMin" },
	{ "memory.swap.max", "MemorySwapMax" },
	{ "memory.zswap.max", "MemoryZSwapMax" },
	{ "pids.max", "TasksMax" },
};

static int unified_quota(struct unit_props *p, const char *value)
{
	_strv_ struct strv part = { 0 };
	uint64_t us = 0, period = 0;

	strv_split(&part, value, ' ');
	if (part.n > 2 || (!str_eq(part.v[0], "max") && num_u64(part.v[0], INT64_MAX, &us) < 0) ||
	    (part.n == 2 && num_u64(part.v[1], SECOND_US, &period) < 0))
		return set_errno(EINVAL);
	quota(p, (int64_t)us, period);
	return 0;
}

static int unified_number(struct unit_props *p, const char *name, const char *value)
{
	int64_t n = -1;

	if (!str_eq(value, "max") && num_size(value, false, &n) < 0)
		return -1;
	set_u64(p, name, limit_of(n));
	return 0;
}

static int unified_one(struct unit_props *p, const struct cgroup_setting *s, bool update,
		       struct buf *why)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (str_eq(s->key, numbers[i].file))
			return unified_number(p, numbers[i].name, s->value);
	}
	if (str_eq(s->key, "cpu.max"))
		return unified_quota(p, s->value);
	if (str_eq(s->key, "cpuset.cpus"))
		return cpusets(p, s->value, NULL, why);
	if (str_eq(s->key, "cpuset.mems"))
		return cpusets(p, NULL, s->value, why);
	if (str_eq(s->key, "cpu.idle") && str_eq(s->value, "1"))
		set_u64(p, "CPUWeight", 0);
	/* systemd takes this one only while the unit is made. */
	if (str_eq(s->key, "memory.oom.group") && !update) {
		unit_props_addf(p, "OOMPolicy", "s", "%s",
				str_eq(s->value, "1") ? "kill" : "continue");
		p->v[p->n - 1].ours = true;
	}
	return 0;
}

static int unified(struct unit_props *p, const struct cgroup_unified *u, bool update,
		   struct buf *why)
{
	for (size_t i = 0; i < u->n; i++) {
		if (unified_one(p, &u->v[i], update, why) == 0)
			continue;
		if (!why->len)
			buf_addf(why, "unified '%s' cannot be '%s'", u->v[i].key, u->v[i].value);
		return set_errno(EINVAL);
	}
	return 0;
}

int unit_props_resources(struct unit_props *p, const struct cgroup_resources *r, bool v2,
			 bool update, struct buf *why)
{
	if (r->memory && memory(p, r->memory, v2, why) < 0)
		return -1;
	if (r->cpu && cpu(p, r->cpu, v2, why) < 0)
		return -1;
	if (r->pids && r->pids->has_limit)
		set_u64(p, "TasksMax", r->pids->limit ? limit_of(r->pids->limit) : 1);
	if (r->blockIO)
		block_io(p, r->blockIO, v2);
	if (!update && unit_props_devices(p, r, why) < 0)
		return -1;
	return v2 ? unified(p, &r->unified, update, why) : 0;
}
