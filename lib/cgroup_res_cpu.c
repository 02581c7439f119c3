#include <string.h>

#include "lib/cgroup_res_private.h"

enum { SHARES_MIN = 2, SHARES_MAX = 262144, WEIGHT_MAX = 10000 };

/* log2 and powers of ten without libm, which static programs would carry for this alone: natural
 * logarithm by its series around 1, exponential by its own. Both are good to 1e-9 in our range. */
static double natural_log(double x)
{
	double y, power, sum = 0;
	int halvings = 0;

	while (x > 1.5) {
		x /= 2;
		halvings++;
	}
	y = (x - 1) / (x + 1);
	power = y;
	for (int i = 1; i < 60; i += 2) {
		sum += power / i;
		power *= y * y;
	}
	return 2 * sum + halvings * 0.69314718055994530942;
}

static double exponential(double x)
{
	double term = 1, sum = 1;

	for (int i = 1; i < 80; i++) {
		term *= x / i;
		sum += term;
	}
	return sum;
}

/* runc's and crun's curve since 2025: 2, 1024 and 262144 shares are weights 1, 100 and 10000. */
uint64_t cgroup_shares_to_weight(uint64_t shares)
{
	double l, weight;
	uint64_t whole;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	l = natural_log((double)shares) / 0.69314718055994530942;
	weight = exponential(((l * l + 125 * l) / 612 - 7.0 / 34) * 2.30258509299404568402);
	whole = (uint64_t)weight;
	/* Rounded up; what the series leaves of an exact 100 is no more than 100. */
	return weight - (double)whole > 1e-6 ? whole + 1 : whole;
}

/* The smallest number of shares with that weight: the curve rises, so halving finds it. */
uint64_t cgroup_weight_to_shares(uint64_t weight)
{
	uint64_t low = SHARES_MIN, high = SHARES_MAX;

	/* Where several shares share a weight, the default stays the default. */
	if (weight == cgroup_shares_to_weight(1024))
		return 1024;
	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (cgroup_shares_to_weight(mid) < weight)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Only the period was given: the quota stays. */
static int v2_period(struct cgroup_plan *plan, const struct cgroup *g, uint64_t period,
		     struct buf *why)
{
	_buf_ struct buf now = { 0 };

	if (cgroup_read(cgroup_dirfd(g, CGROUP_CPU), "cpu.max", &now) < 0)
		return cgroup_refuse(why, errno, "read 'cpu.max'");
	cgroup_plan_add(plan, CGROUP_CPU, "cpu.max", "%.*s %llu", (int)strcspn(buf_str(&now), " "),
			buf_str(&now), (unsigned long long)period);
	return 0;
}

static int v2_cpu(struct cgroup_plan *plan, const struct cgroup *g, const struct cgroup_cpu *c,
		  struct buf *why)
{
	int64_t quota = c->has_quota ? c->quota : 0;
	uint64_t period = c->has_period ? c->period : 0;
	char text[LIMIT_MAX];

	if (c->has_burst)
		cgroup_plan_add(plan, CGROUP_CPU, "cpu.max.burst", "%llu",
				(unsigned long long)c->burst);
	if (!quota)
		return period ? v2_period(plan, g, period, why) : 0;
	cgroup_limit_text(text, quota, "max");
	if (period)
		cgroup_plan_add(plan, CGROUP_CPU, "cpu.max", "%s %llu", text,
				(unsigned long long)period);
	else
		cgroup_plan_add(plan, CGROUP_CPU, "cpu.max", "%s", text);
	return 0;
}

static void add_u64(struct cgroup_plan *plan, const char *file, bool has, uint64_t value)
{
	if (has && value)
		cgroup_plan_add(plan, CGROUP_CPU, file, "%llu", (unsigned long long)value);
}

static void add_i64(struct cgroup_plan *plan, const char *file, bool has, int64_t value)
{
	if (has && value)
		cgroup_plan_add(plan, CGROUP_CPU, file, "%lld", (long long)value);
}

static void v1_cpu(struct cgroup_plan *plan, const struct cgroup_cpu *c)
{
	add_u64(plan, "cpu.rt_period_us", c->has_realtimePeriod, c->realtimePeriod);
	add_i64(plan, "cpu.rt_runtime_us", c->has_realtimeRuntime, c->realtimeRuntime);
	if (c->has_burst)
		cgroup_plan_add(plan, CGROUP_CPU, "cpu.cfs_burst_us", "%llu",
				(unsigned long long)c->burst);
	add_u64(plan, "cpu.cfs_period_us", c->has_period, c->period);
	add_i64(plan, "cpu.cfs_quota_us", c->has_quota, c->quota);
}

static void plan_cpuset(struct cgroup_plan *plan, const struct cgroup *g,
			const struct cgroup_cpu *c)
{
	bool prefix = !cgroup_has_file(g, CGROUP_CPUSET, "cpus");

	if (c->cpus && *c->cpus)
		cgroup_plan_add(plan, CGROUP_CPUSET, prefix ? "cpuset.cpus" : "cpus", "%s",
				c->cpus);
	if (c->mems && *c->mems)
		cgroup_plan_add(plan, CGROUP_CPUSET, prefix ? "cpuset.mems" : "mems", "%s",
				c->mems);
}

/* An idle group takes no weight (EINVAL), so leaving idle comes first and entering it replaces
 * the weight. */
static void plan_weight(struct cgroup_plan *plan, bool v2, const struct cgroup_cpu *c)
{
	if (c->has_idle)
		cgroup_plan_add(plan, CGROUP_CPU, "cpu.idle", "%lld", (long long)c->idle);
	if (!c->has_shares || !c->shares || (c->has_idle && c->idle))
		return;
	if (v2)
		cgroup_plan_add(plan, CGROUP_CPU, "cpu.weight", "%llu",
				(unsigned long long)cgroup_shares_to_weight(c->shares));
	else
		cgroup_plan_add(plan, CGROUP_CPU, "cpu.shares", "%llu",
				(unsigned long long)c->shares);
}

int cgroup_plan_cpu(struct cgroup_plan *plan, const struct cgroup *g, const struct cgroup_cpu *c,
		    struct buf *why)
{
	bool v2 = cgroup_on_v2(g, CGROUP_CPU);

	plan_weight(plan, v2, c);
	if (!v2)
		v1_cpu(plan, c);
	else if (v2_cpu(plan, g, c, why) < 0)
		return -1;
	plan_cpuset(plan, g, c);
	return 0;
}
