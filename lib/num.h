/* num.h - numbers out of text: the whole string, a stated range, no sign or space that was not
 * asked for.
 *
 * Returns 0 and stores through OUT, or -1 with errno EINVAL (not a number of this form) or ERANGE;
 * OUT is untouched on failure.
 */
#ifndef LIB_NUM_H
#define LIB_NUM_H

#include "lib/base.h"

/* Decimal digits only, at most MAX. */
_check_ int num_u64(const char *s, uint64_t max, uint64_t *out);
_check_ int num_u32(const char *s, uint32_t *out);
/* Decimal with an optional '-', in MIN..MAX. */
_check_ int num_i64(const char *s, int64_t min, int64_t max, int64_t *out);
_check_ int num_int(const char *s, int min, int max, int *out);
/* Octal digits, as in a file mode. */
_check_ int num_octal(const char *s, uint32_t max, uint32_t *out);
/* Bytes with an optional suffix b, k, m, g, t, p (powers of 1024; either case; kb and KiB too), as
 * docker's sizes. A decimal fraction is allowed before a suffix ("1.5g"). "-1" is -1 where
 * NEGATIVE_ONE. */
_check_ int num_size(const char *s, bool negative_one, int64_t *out);
/* Seconds, or a Go duration ("1m30s", "250ms"), in nanoseconds. */
_check_ int num_duration_ns(const char *s, int64_t *out);

#endif
