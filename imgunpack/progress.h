/* progress.h - one line on a terminal that says how far a transfer is; nothing anywhere else. */
#ifndef IMGUNPACK_PROGRESS_H
#define IMGUNPACK_PROGRESS_H

#include "lib/base.h"

struct progress {
	bool on;
	const char *verb;
	int64_t total_bytes, done_bytes;
	int64_t started_ms, shown_ms;
};

/* QUIET, or a stderr that is no terminal, turns it off. */
void progress_start(struct progress *p, const char *verb, int64_t total_bytes, bool quiet);
/* Show it if the last time is long enough ago. */
void progress_add(struct progress *p, int64_t bytes);
/* Wipe the line. */
void progress_end(struct progress *p);

#endif
