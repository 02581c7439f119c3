/* logfile.h - one log file: batched appends, rotation without loss, a full disk survived.
 *
 * Records are gathered in a buffer and written at flush, one write(2) a batch. What cannot be
 * written is counted, never retried: the file always ends at a whole record, and the next batch
 * is tried afresh. Rotation renames FILE to FILE.1 and so on, between records only.
 */
#ifndef SHIM_LOGFILE_H
#define SHIM_LOGFILE_H

#include <limits.h>

#include "shim/log.h"

#define LOGFILE_PACKED ".gz"

typedef size_t log_format(char *out, const struct record *rec, const struct stamp *st);

struct logfile {
	struct log log; /* target: the path, absolute */
	char *name;	/* within dirfd */
	log_format *format;
	struct buf attrs;   /* of each record; empty: none */
	int64_t max_bytes;  /* rotate when the file has reached this; 0: never */
	int64_t total_max;  /* log no more than this in all; 0: no limit */
	unsigned max_files; /* the live file and its elders, at least 1 */

	int dirfd, fd; /* fd -1: not open */
	bool fresh;    /* we made the file */
	int64_t size;
	int64_t rotate_at;
	unsigned mid_line; /* bit a stream: the last record of it was a piece */
	char *buf;
	size_t used;

	/* A note of what was lost stands at the front of buf; the counts it tells of. */
	size_t note_len;
	uint64_t note_records, note_bytes;

	int64_t total;

	/* After a rotation; may be NULL. */
	void (*rotated)(struct logfile *lf);
	/* logpack.c */
	struct {
		struct monitor *m;
		pid_t pid;   /* of gzip, at work; 0: none */
		unsigned at; /* on which elder */
	} pack;
};

/* A log of PATH, not open; NULL and EINVAL: no file's name. */
struct logfile *logfile_make(const char *path, log_format *format, const struct log_opts *o);

/* Open or make the file. Returns 0 or -1; EINVAL: not a regular file. */
int logfile_open(struct logfile *lf);
/* Close, and remove the file again if it is ours and nothing was ever written. */
void logfile_abandon(struct logfile *lf);

/* Gather one record; flushes and rotates on the way as needed. */
void logfile_put(struct logfile *lf, const struct record *rec, const struct stamp *st);
void logfile_flush(struct logfile *lf);

/* Start over at the same path, which somebody has renamed away. On failure the old file stays in
 * use. */
int logfile_reopen(struct logfile *lf);

/* The name of the k-th elder with SUFFIX; the live file for 0. Returns 0, or -1 when it would be
 * too long. */
int logfile_elder(const struct logfile *lf, unsigned k, const char *suffix,
		  char name[NAME_MAX + 1]);

/* Give the buffer's memory back until it is next needed. */
void logfile_relax(struct logfile *lf);

#endif
