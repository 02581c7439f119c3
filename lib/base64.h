/* base64.h - base64 (RFC 4648 section 4) of short strings. */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include "lib/base.h"

/* Caller frees. */
char *base64_encode(const char *data, size_t len);
/* The decoded bytes, NUL-terminated behind *LEN of them; padding may be missing. NULL when it is
 * none. Caller frees. */
char *base64_decode(const char *text, size_t *len);

#endif
