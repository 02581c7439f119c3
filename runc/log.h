/* log.h - where runc's messages go: logfmt or JSON, to a file, stderr, syslog or the journal, one
 * write(2) a message.
 */
#ifndef RUNC_LOG_H
#define RUNC_LOG_H

#include "lib/base.h"
#include "lib/buf.h"

/* Open the log and become die.h's sink. TARGET is a path, "file:PATH", "syslog:NAME" or
 * "journald:NAME"; NULL is stderr. FORMAT is "text" or "json", LEVEL the least of "error",
 * "warning" and "debug" that is logged. */
void log_open(const char *target, const char *format, const char *level);
/* What failing messages of this verb start with: "runc create failed"; NULL for nothing. Kept, not
 * copied. */
void log_prefix(const char *prefix);
/* The log's descriptor, -1 for stderr. */
int log_fd(void);
/* Close the log: in a child that has another sink. */
void log_close(void);

/* log_target.c: where the bytes go. */
enum log_kind { LOG_STDERR, LOG_FILE, LOG_SYSLOG, LOG_JOURNAL };

struct log_target {
	enum log_kind kind;
	int fd;
	const char *name; /* who is speaking, to syslog and the journal */
};

/* Exits when it cannot be opened. */
struct log_target log_target_open(const char *target);
/* One message of LEVEL; LINE is it as a line of the log's format, MSG the text alone. */
void log_target_write(const struct log_target *t, const char *level, const char *msg,
		      const struct buf *line);

/* log_code.c: one word for what went wrong, for programs: "container-not-found". It is the same in
 * every version, whatever becomes of the text. ERR is the errno that MSG ends with, or 0. */
const char *log_code(const char *msg, int err);

#endif
