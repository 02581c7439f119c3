/* The one-shot SHA256_* calls are deprecated in OpenSSL 3 but need no provider, no allocation and
 * no error path, and use the same SHA-NI code as EVP. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <string.h>

#include "lib/digest.h"
#include "lib/mem.h"

enum { CHUNK = 256 * 1024 };

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct digest_state), "digest_state is too small");

void digest_start(struct digest_state *s)
{
	SHA256_Init((SHA256_CTX *)s->opaque);
}

void digest_add(struct digest_state *s, const void *data, size_t len)
{
	SHA256_Update((SHA256_CTX *)s->opaque, data, len);
}

void digest_end(struct digest_state *s, struct digest *out)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[DIGEST_RAW_BYTES];
	char *p = out->text;

	SHA256_Final(raw, (SHA256_CTX *)s->opaque);
	p = stpcpy(p, DIGEST_PREFIX);
	for (size_t i = 0; i < sizeof(raw); i++) {
		*p++ = hex[raw[i] >> 4];
		*p++ = hex[raw[i] & 15];
	}
	*p = '\0';
}

void digest_of(const void *data, size_t len, struct digest *out)
{
	struct digest_state s;

	digest_start(&s);
	digest_add(&s, data, len);
	digest_end(&s, out);
}

int64_t digest_of_fd(int fd, struct digest *out)
{
	_free_ char *chunk = xmalloc(CHUNK);
	struct digest_state s;
	int64_t total = 0;

	digest_start(&s);
	for (;;) {
		ssize_t n = read(fd, chunk, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		digest_add(&s, chunk, (size_t)n);
		total += n;
	}
	digest_end(&s, out);
	return total;
}
