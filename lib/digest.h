/* digest.h - SHA-256 digests of content, in the one form images use: "sha256:" and 64 lower-case
 * hex digits.
 *
 * Anything else (upper case, other algorithms, other lengths) is refused before it can reach a path
 * or a URL. Hashing cannot fail and allocates nothing. It is in digest_sum.c and
 * digest_both.c, the only users of libcrypto: who only reads digests does not pay for loading it.
 */
#ifndef LIB_DIGEST_H
#define LIB_DIGEST_H

#include "lib/base.h"

#define DIGEST_PREFIX "sha256:"

enum {
	DIGEST_RAW_BYTES = 32,
	DIGEST_HEX_LEN = 64,
	DIGEST_TEXT_LEN = 71,
};

/* A digest is its text; compare with str_eq, "" is none. */
struct digest {
	char text[DIGEST_TEXT_LEN + 1];
};

/* A hash under way. Copying the struct forks it. */
struct digest_state {
	_Alignas(16) unsigned char opaque[128];
};

void digest_start(struct digest_state *s);
void digest_add(struct digest_state *s, const void *data, size_t len);
/* X to A's and Y to B's, which takes hardly longer than the longer one of them where the processor
 * has instructions for SHA-256. */
void digest_add_both(struct digest_state *a, const void *x, size_t nx, struct digest_state *b,
		     const void *y, size_t ny);
/* The state is used up. */
void digest_end(struct digest_state *s, struct digest *out);
void digest_of(const void *data, size_t len, struct digest *out);

/* Hash what FD has from its offset to its end. Returns the number of bytes, or -1. */
int64_t digest_of_fd(int fd, struct digest *out);

/* Returns 0, or -1: EINVAL not a digest at all, ENOTSUP a well-formed one of another algorithm. */
_check_ int digest_parse(const char *text, struct digest *out);
bool digest_is_valid(const char *text);

/* The 64 hex digits alone. */
static inline const char *digest_hex(const struct digest *d)
{
	return d->text + (DIGEST_TEXT_LEN - DIGEST_HEX_LEN);
}

#endif
