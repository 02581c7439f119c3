#include <string.h>

#include "lib/digest.h"

enum { PREFIX_LEN = sizeof(DIGEST_PREFIX) - 1 };

_Static_assert(PREFIX_LEN + DIGEST_HEX_LEN == DIGEST_TEXT_LEN, "text length");

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
	return n && !p[n] && strncmp(text, DIGEST_PREFIX, PREFIX_LEN) != 0;
}

int digest_parse(const char *text, struct digest *out)
{
	if (strncmp(text, DIGEST_PREFIX, PREFIX_LEN) != 0 || strlen(text) != DIGEST_TEXT_LEN ||
	    !is_lower_hex(text + PREFIX_LEN, DIGEST_HEX_LEN))
		return set_errno(is_foreign_digest(text) ? ENOTSUP : EINVAL);
	memcpy(out->text, text, sizeof(out->text));
	return 0;
}

bool digest_is_valid(const char *text)
{
	struct digest d;

	return digest_parse(text, &d) == 0;
}
