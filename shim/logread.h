/* logread.h - log lines, json-file's and the CRI's, back into records. Input is not trusted. */
#ifndef SHIM_LOGREAD_H
#define SHIM_LOGREAD_H

#include <stdint.h>

#include "shim/record.h"

struct entry {
	struct record rec;
	int64_t time_ns;   /* since the epoch */
	const char *attrs; /* KEY NUL VALUE NUL, any number of them */
	size_t attrs_len;
};

/* Read one line, without its newline. A JSON text is unescaped within line. Returns 0, or -1 for
 * what is no record of either format. */
int logread_line(char *line, size_t len, struct entry *e);

/* RFC3339, fraction and zone included, as nanoseconds since the epoch. Returns 0 or -1. */
int logread_time(const char *s, size_t len, int64_t *ns);

#endif
