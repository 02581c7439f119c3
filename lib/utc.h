/* utc.h - instants as text, in UTC.
 *
 * gmtime_r would read /etc/localtime first, for nothing.
 */
#ifndef LIB_UTC_H
#define LIB_UTC_H

#include <time.h>

#include "lib/base.h"

enum { UTC_MAX = 64 };

/* T, not before 1970, as "2026-11-25T23:59:59.123456789Z", written to BUF and returned. */
char *utc_format(const struct timespec *t, char buf[static UTC_MAX]);
/* The current one, with DIGITS (0 to 9) of its seconds' fraction. */
char *utc_now(int digits, char buf[static UTC_MAX]);

#endif
