#include <string.h>

#include "cgctl/top.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/mem.h"

/* "1.5M"; "-" where it is not known. */
static void size_text(char out[16], bool has, double n)
{
	static const char units[] = "BKMGTP";
	size_t u = 0;

	for (; n >= 1024 && u + 2 < sizeof(units); u++)
		n /= 1024;
	if (!has)
		snprintf(out, 16, "-");
	else
		snprintf(out, 16, n < 10 && u ? "%.1f%c" : "%.0f%c", n, units[u]);
}

static void format_row(const struct top_row *r, struct buf *out)
{
	char memory[16], in[16], os[16], cpu[16] = "-", tasks[24] = "-";
	_free_ char *path = xstrdup(r->path);

	size_text(memory, r->has_memory, (double)r->memory);
	size_text(in, r->has_io, r->read_rate);
	size_text(os, r->has_io, r->write_rate);
	if (r->has_cpu)
		snprintf(cpu, sizeof(cpu), "%.1f", r->cpu_percent);
	if (r->has_tasks)
		snprintf(tasks, sizeof(tasks), "%llu", (unsigned long long)r->tasks);
	buf_addf(out, "%7s %6s %7s %7s %7s  %s", cpu, tasks, memory, in, os, die_clean(path));
}

static void cut(struct buf *line, int columns)
{
	if (columns > 0 && line->len > (size_t)columns) {
		line->len = (size_t)columns;
		line->data[line->len] = '\0';
	}
}

void top_format(const struct top_sample *s, enum top_order order, int rows, int columns,
		struct buf *out)
{
	static const char *const heads[] = { "%CPU", "TASKS", "MEMORY", "READ/s", "WRITE/s" };
	static const enum top_order orders[] = { TOP_CPU, TOP_TASKS, TOP_MEMORY, TOP_IO, TOP_IO };
	size_t n = rows > 0 && (size_t)rows < s->n ? (size_t)rows : s->n;
	_buf_ struct buf head = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		char name[16];

		/* The column that orders the rows is marked. */
		snprintf(name, sizeof(name), "%s%s", orders[i] == order ? "*" : "", heads[i]);
		buf_addf(&head, "%*s%s", i == 1 ? 6 : i == 4 ? 8 : 7, name, i == 4 ? "" : " ");
	}
	buf_addf(&head, " %sGROUP", order == TOP_NAME ? "*" : "");
	cut(&head, columns);
	buf_addf(out, "%s\n", head.data);
	for (size_t i = 0; i < n; i++) {
		_buf_ struct buf line = { 0 };

		format_row(&s->row[i], &line);
		cut(&line, columns);
		buf_addf(out, "%s\n", line.data);
	}
}

/* Tenths are enough, and no floating point of ours meets a JSON reader's. */
static void emit_tenths(struct emit *e, const char *key, double n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%.1f", n);

	emit_raw(e, key, text, (size_t)len);
}

void top_format_json(const struct top_sample *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct top_row *r = &s->row[i];
		struct emit e = { .out = out };

		emit_object(&e, NULL);
		emit_str(&e, "group", r->path);
		if (r->has_cpu)
			emit_tenths(&e, "cpu_percent", r->cpu_percent);
		if (r->has_tasks)
			emit_u64(&e, "tasks", r->tasks);
		if (r->has_memory)
			emit_u64(&e, "memory", r->memory);
		if (r->has_io) {
			emit_u64(&e, "read_bytes_per_second", (uint64_t)r->read_rate);
			emit_u64(&e, "write_bytes_per_second", (uint64_t)r->write_rate);
		}
		emit_end(&e);
		buf_addc(out, '\n');
	}
}
