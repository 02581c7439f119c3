/* The one-shot SHA256_* calls are deprecated in OpenSSL 3 but need no provider, no allocation and
 * no error path, and use the same SHA-NI code as EVP. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <string.h>

#include "lib/digest.h"
#include "lib/mem.h"

static const char prefix[] = "sha256:";

enum { CHUNK = 256 * 1024 };

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct digest_state), "digest_state is too small");
_Static_assert(sizeof(prefix) - 1 + DIGEST_HEX_LEN == DIGEST_TEXT_LEN, "text length");

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
	memcpy(p, prefix, sizeof(prefix) - 1);
	p += sizeof(prefix) - 1;
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

static bool is_lower_hex(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return true;
}

/* The image-spec's grammar for any algorithm: [a-z0-9]+([+._-][a-z0-9]+)* ":" [A-Za-z0-9=_-]+ */
static bool is_foreign_digest(const char *text)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *p = text;
	size_t n;

	for (;;) {
		n = strspn(p, word);
		if (!n)
			return false;
		p += n;
		if (*p == ':')
			break;
		if (!*p || !strchr("+._-", *p))
			return false;
		p++;
	}
	n = strspn(++p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789=_-");
	return n && !p[n] && strncmp(text, prefix, sizeof(prefix) - 1) != 0;
}

int digest_parse(const char *text, struct digest *out)
{
	if (strncmp(text, prefix, sizeof(prefix) - 1) != 0 || strlen(text) != DIGEST_TEXT_LEN ||
	    !is_lower_hex(text + sizeof(prefix) - 1, DIGEST_HEX_LEN))
		return set_errno(is_foreign_digest(text) ? ENOTSUP : EINVAL);
	memcpy(out->text, text, sizeof(out->text));
	return 0;
}

bool digest_is_valid(const char *text)
{
	struct digest d;

	return digest_parse(text, &d) == 0;
}
