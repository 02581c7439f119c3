#include <string.h>

#include "imgunpack/table.h"
#include "lib/die.h"
#include "lib/mem.h"

void table_add(struct table *t, const char *cell)
{
	strv_take(&t->cells, die_clean(xstrdup(cell && *cell ? cell : "-")));
}

static size_t width(const struct table *t, size_t column)
{
	size_t max = 0;

	for (size_t i = column; i < t->cells.n; i += t->n_columns) {
		size_t len = strlen(t->cells.v[i]);

		max = len > max ? len : max;
	}
	return max;
}

void table_print(struct table *t)
{
	_free_ size_t *widths = xcalloc(t->n_columns, sizeof(*widths));

	for (size_t c = 0; c + 1 < t->n_columns; c++)
		widths[c] = width(t, c);
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t c = i % t->n_columns;
		bool last = c + 1 == t->n_columns;

		printf("%-*s%s", (int)widths[c], t->cells.v[i], last ? "\n" : "  ");
	}
	strv_free(&t->cells);
}

char *table_size(int64_t bytes, char buf[TABLE_SIZE_MAX])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1000 && u + 1 < ARRAY_LEN(units)) {
		n /= 1000;
		u++;
	}
	snprintf(buf, TABLE_SIZE_MAX, "%.3g%s", n, units[u]);
	return buf;
}
