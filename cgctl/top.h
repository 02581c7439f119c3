/* top.h - the groups that `cgctl top` shows: usage sampled, rates reckoned, rows sorted. */
#ifndef CGCTL_TOP_H
#define CGCTL_TOP_H

#include "lib/cgroup.h"

struct top_row {
	char *path;
	bool has_cpu, has_memory, has_io, has_tasks;
	uint64_t cpu_us, memory, read_bytes, write_bytes, tasks;
	/* Since the sample before; 0 in a group's first. */
	double cpu_percent, read_rate, write_rate;
};

struct top_sample {
	struct top_row *row;
	size_t n, cap;
	int64_t at_us;
};

enum top_order { TOP_CPU, TOP_MEMORY, TOP_TASKS, TOP_IO, TOP_NAME, TOP_ORDERS };

/* Sample G and the groups below it, DEPTH levels (-1: all). */
void top_read(struct top_sample *s, const struct cgroup *g, int depth);
/* Fill in rates from the sample BEFORE, which is sorted by name for it. */
void top_rates(struct top_sample *s, struct top_sample *before);
void top_sort(struct top_sample *s, enum top_order order);
void top_free(struct top_sample *s);

/* Append a heading and at most ROWS rows (0: all), each at most COLUMNS wide (0: as long as it is).
 */
void top_format(const struct top_sample *s, enum top_order order, int rows, int columns,
		struct buf *out);
/* One object a group, a line each. */
void top_format_json(const struct top_sample *s, struct buf *out);

#endif
