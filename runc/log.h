/* log.h - where runc's messages go: logfmt or JSON, to a file or stderr, one write(2) a line. */
#ifndef RUNC_LOG_H
#define RUNC_LOG_H

#include "lib/base.h"

/* Open the log (PATH NULL: stderr) and become die.h's sink. FORMAT is "text" or "json". */
void log_open(const char *path, const char *format);
/* What failing messages of this verb start with: "runc create failed"; NULL for nothing. Kept, not
 * copied. */
void log_prefix(const char *prefix);
/* The log file's descriptor, -1 for stderr. */
int log_fd(void);
/* Close the log file: in a child that has another sink. */
void log_close(void);

#endif
