/* table.h - aligned columns for people; data for programs is JSON. */
#ifndef IMGUNPACK_TABLE_H
#define IMGUNPACK_TABLE_H

#include "lib/str.h"

struct table {
	size_t n_columns;
	struct strv cells; /* row by row, the heading first */
};

/* Append a cell; control bytes become '?'. NULL and "" are "-". */
void table_add(struct table *t, const char *cell);
/* Print and empty it. */
void table_print(struct table *t);

/* Bytes as docker shows them, "4.26MB", into BUF. Returns BUF. */
enum { TABLE_SIZE_MAX = 32 };
char *table_size(int64_t bytes, char buf[TABLE_SIZE_MAX]);

#endif
