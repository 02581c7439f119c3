/* log.h - one place a container's output goes to, whatever its driver.
 *
 * A driver embeds struct log as its first member. Records are gathered by put and leave at flush,
 * a batch at once. What cannot be delivered is counted, and said in the log itself (on stderr)
 * as soon as it takes records again; no driver waits longer than LOG_PATIENCE_MS, and one that has
 * waited in vain does not wait again until something has gone through.
 */
#ifndef SHIM_LOG_H
#define SHIM_LOG_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/str.h"
#include "shim/format.h"

enum { LOG_PATIENCE_MS = 1000, LOG_NOTE_MAX = 256 };

struct log;
struct monitor;

/* What the drivers of one container have in common; strings belong to the caller. */
struct log_opts {
	const char *id, *name, *tag; /* name, tag: may be NULL */
	const struct strv *labels;   /* KEY=VALUE; may be NULL */
	const struct strv *attrs;    /* KEY=VALUE, of each json-file record; may be NULL */
	int64_t max_bytes;	     /* of a file, before it is rotated; 0: no limit */
	int64_t total_max;	     /* of all files ever; 0: no limit */
	unsigned max_files;
	const char *syslog_format;
	bool compress;	      /* files that were rotated away */
	bool no_partial_mark; /* journald: do not say that a record is a piece of a line */
	bool priorities;      /* journald: <N> before a line is its priority */
};

struct log_driver {
	const char *name;
	/* A log for what stands behind "NAME:" (NULL without a colon); malloc'd, not yet open.
	 * NULL and EINVAL: not a target of this driver. */
	struct log *(*make)(const char *target, const struct log_opts *o);
	/* In the process that was started, so that it can tell of a failure. Returns 0 or -1. */
	int (*open)(struct log *log);
	/* In the monitor, once the loop runs. May be NULL. */
	void (*start)(struct log *log, struct monitor *m);
	void (*put)(struct log *log, const struct record *rec, const struct stamp *st);
	void (*flush)(struct log *log);
	/* Begin anew at the same place. May be NULL. */
	int (*reopen)(struct log *log);
	/* Give memory back while nothing happens. */
	void (*relax)(struct log *log);
	/* Does it still hold records that may be delivered later? May be NULL: never. */
	bool (*pending)(const struct log *log);
	/* PID, a child nobody else knows, has ended. Returns whether it was ours. May be NULL. */
	bool (*reaped)(struct log *log, pid_t pid, int wait_status);
	/* The container has ended; what is still held is lost. sync: see it onto the disk. */
	void (*finish)(struct log *log, bool sync);
	/* No container was made: leave nothing behind. */
	void (*abandon)(struct log *log);
};

struct log {
	const struct log_driver *driver;
	char *target; /* path, address or command: for people, and for the exit record */
	uint64_t lost_records, lost_bytes;
	uint64_t told_records, told_bytes; /* of them, said in the log */
	int lost_errno;			   /* why the latest were lost */
};

extern const struct log_driver log_json_file, log_k8s_file, log_journald, log_syslog, log_exec;

/* Count what is gone. */
void log_lose(struct log *log, uint64_t records, uint64_t bytes, int reason);

/* The record that says what was lost since it was last said, its text in note; false: nothing. */
bool log_note(const struct log *log, char note[LOG_NOTE_MAX], struct record *rec);

/* It was said, when records and bytes were the counts. */
void log_told(struct log *log, uint64_t records, uint64_t bytes);

#endif
