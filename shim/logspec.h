/* logspec.h - "DRIVER:PATH" as a log.
 *
 * json-file:PATH and k8s-file:PATH are logs; none and passthrough are none.
 */
#ifndef SHIM_LOGSPEC_H
#define SHIM_LOGSPEC_H

#include "shim/logfile.h"

enum logspec_kind { LOGSPEC_BAD, LOGSPEC_NONE, LOGSPEC_PASSTHROUGH, LOGSPEC_FILE };

/* What spec asks for. For LOGSPEC_FILE format and path of *lf are set, the path absolute and
 * malloc'd. */
enum logspec_kind logspec_parse(const char *spec, struct logfile *lf);

/* The name of a format, as in a spec. */
const char *logspec_name(log_format *format);

#endif
