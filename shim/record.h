/* record.h - a container's output as log records: cutting the stream, stamping the time.
 *
 * A record is one line, or one piece of a line longer than LOG_LINE_MAX. Where a long line is
 * cut depends on its bytes only, never on how they arrived, so two logs of one output agree.
 * Nothing here allocates or calls the kernel.
 */
#ifndef SHIM_RECORD_H
#define SHIM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { LOG_LINE_MAX = 16384 }; /* as dockerd and containerd cut */
enum { STREAM_OUT, STREAM_ERR, N_STREAMS };

struct record {
	const char *text; /* without its newline; may hold any byte */
	size_t len;
	int stream;
	bool partial; /* no newline follows: a piece of a line, or the output ended */
};

/* Cut the next record off the front of data. Returns the bytes used, newline included; 0 when
 * only an unfinished line is left, unless flush asks for that too, as a partial record. */
size_t record_next(const char *data, size_t len, bool flush, struct record *rec);

/* A moment as both log formats write it. */
struct stamp {
	char utc[40];	/* RFC3339Nano, zeros of the fraction trimmed, Z */
	char local[40]; /* nine digits and a numeric zone */
	size_t utc_len, local_len;
};

/* Spell ts in both ways. */
void stamp_set(struct stamp *st, const struct timespec *ts);

#endif
