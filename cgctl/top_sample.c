#include <string.h>
#include <time.h>

#include "cgctl/top.h"
#include "lib/cgroup_stat.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/str.h"

/* The sum over all devices of io.DEVICE.rbytes, or wbytes. */
static bool sum_io(const struct cgroup_stat *s, const char *suffix, uint64_t *out)
{
	bool has = false;

	*out = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (str_starts(s->v[i].name, "io.") && str_ends(s->v[i].name, suffix)) {
			*out += s->v[i].value;
			has = true;
		}
	}
	return has;
}

static void add_row(struct top_sample *s, const struct cgroup *g)
{
	_cgroup_stat_ struct cgroup_stat stat = { 0 };
	struct top_row row = { 0 };

	cgroup_stat_read_brief(g, &stat);
	row.path = xstrdup(*g->path ? g->path : "/");
	row.has_cpu = cgroup_stat_get(&stat, "cpu.usage_usec", &row.cpu_us);
	row.has_memory = cgroup_stat_get(&stat, "memory.current", &row.memory);
	row.has_tasks = cgroup_stat_get(&stat, "pids.current", &row.tasks);
	row.has_io = sum_io(&stat, ".rbytes", &row.read_bytes);
	row.has_io |= sum_io(&stat, ".wbytes", &row.write_bytes);
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->row = xreallocarray(s->row, s->cap, sizeof(*s->row));
	}
	s->row[s->n++] = row;
}

static void read_below(struct top_sample *s, const struct cgroup *g, int depth)
{
	_strv_ struct strv names = { 0 };

	add_row(s, g);
	/* What cannot be listed any more is gone. */
	if (!depth || cgroup_children(g, ~0u, &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		_cgroup_ struct cgroup child = CGROUP_NONE;
		_free_ char *path = xasprintf("%s%s%s", g->path, *g->path ? "/" : "", names.v[i]);

		if (cgroup_open(&child, g->layout, path) == 0)
			read_below(s, &child, depth - 1);
	}
}

void top_read(struct top_sample *s, const struct cgroup *g, int depth)
{
	*s = (struct top_sample){ .at_us = clock_us() };
	read_below(s, g, depth);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct top_row *)a)->path, ((const struct top_row *)b)->path);
}

static double rate(uint64_t now, uint64_t before, int64_t us)
{
	return us > 0 && now > before ? (double)(now - before) * 1e6 / (double)us : 0;
}

void top_rates(struct top_sample *s, struct top_sample *before)
{
	int64_t us = s->at_us - before->at_us;

	top_sort(before, TOP_NAME);
	for (size_t i = 0; i < s->n; i++) {
		struct top_row *r = &s->row[i];
		const struct top_row *old = before->n ? bsearch(r, before->row, before->n,
								sizeof(*r), by_name)
						      : NULL;

		if (!old)
			continue;
		r->cpu_percent = rate(r->cpu_us, old->cpu_us, us) / 1e4;
		r->read_rate = rate(r->read_bytes, old->read_bytes, us);
		r->write_rate = rate(r->write_bytes, old->write_bytes, us);
	}
}

/* Most first; what is equal by name. */
static int by(double a, double b, const void *x, const void *y)
{
	return a < b ? 1 : a > b ? -1 : by_name(x, y);
}

static int by_cpu(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return by(x->cpu_percent, y->cpu_percent, a, b);
}

static int by_memory(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return by((double)x->memory, (double)y->memory, a, b);
}

static int by_tasks(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return by((double)x->tasks, (double)y->tasks, a, b);
}

static int by_io(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return by(x->read_rate + x->write_rate, y->read_rate + y->write_rate, a, b);
}

void top_sort(struct top_sample *s, enum top_order order)
{
	static int (*const orders[])(const void *, const void *) = {
		[TOP_CPU] = by_cpu, [TOP_MEMORY] = by_memory, [TOP_TASKS] = by_tasks,
		[TOP_IO] = by_io,   [TOP_NAME] = by_name,
	};

	if (s->n)
		qsort(s->row, s->n, sizeof(*s->row), orders[order]);
}

void top_free(struct top_sample *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->row[i].path);
	free(s->row);
	*s = (struct top_sample){ 0 };
}
