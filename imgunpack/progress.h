/* progress.h - how far a transfer is: one line on a terminal, or report.h's lines; else nothing. */
#ifndef IMGUNPACK_PROGRESS_H
#define IMGUNPACK_PROGRESS_H

#include "lib/base.h"

struct progress {
	bool on, json;
	const char *verb;
	int64_t total_bytes, done_bytes;
	int64_t started_ms, shown_ms;
};

/* Whom to tell, beside whoever looks at the terminal. */
struct tell {
	bool quiet; /* not the terminal */
	bool json;  /* a program, on stdout */
};

/* A stderr that is no terminal is told nothing either. */
void progress_start(struct progress *p, const char *verb, int64_t total_bytes, struct tell tell);
/* Show it if the last time is long enough ago. */
void progress_add(struct progress *p, int64_t bytes);
/* Wipe the line. */
void progress_end(struct progress *p);

#endif
