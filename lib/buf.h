/* buf.h - a growing byte buffer, always NUL-terminated behind its last byte.
 *
 * Declare it empty: _buf_ struct buf b = { 0 }; the scope's end frees it. Out of memory ends the
 * process.
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdarg.h>
#include <string.h>

#include "lib/base.h"

struct buf {
	char *data; /* NULL while nothing was ever added */
	size_t len, cap;
};

#define _buf_ __attribute__((cleanup(buf_free)))

/* Make room for N more bytes (and the NUL); returns where they go. The caller raises len. */
char *buf_room(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
void buf_addv(struct buf *b, const char *fmt, va_list ap) _printf_(2, 0);
/* Forget the bytes, keep the memory. */
void buf_reset(struct buf *b);
void buf_free(struct buf *b);
/* The bytes as a string ("" when empty); still the buffer's. */
const char *buf_str(const struct buf *b);
/* Hand the bytes over as a malloc'd string; the buffer is empty afterwards. */
char *buf_steal(struct buf *b);

#endif
