/* logspec.h - "DRIVER:TARGET" as a log.
 *
 *   json-file:PATH   k8s-file:PATH   journald   syslog[:ADDRESS]   exec:COMMAND
 *   none and passthrough are no logs
 */
#ifndef SHIM_LOGSPEC_H
#define SHIM_LOGSPEC_H

#include "shim/log.h"

enum logspec_kind { LOGSPEC_BAD, LOGSPEC_NONE, LOGSPEC_PASSTHROUGH, LOGSPEC_LOG };

/* What spec asks for. For LOGSPEC_LOG *log is that log, malloc'd and not yet open. */
enum logspec_kind logspec_parse(const char *spec, const struct log_opts *o, struct log **log);

#endif
