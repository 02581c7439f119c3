#include <string.h>

#include "lib/base64.h"
#include "lib/buf.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *)data;
	_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		unsigned int bits = (unsigned int)p[i] << 16;

		if (n > 1)
			bits |= (unsigned int)p[i + 1] << 8;
		if (n > 2)
			bits |= p[i + 2];
		for (size_t j = 0; j < 4; j++)
			buf_addc(&b, j <= n ? alphabet[bits >> (18 - 6 * j) & 63] : '=');
	}
	return buf_steal(&b);
}

char *base64_decode(const char *text, size_t *len)
{
	size_t n = strspn(text, alphabet);
	_buf_ struct buf b = { 0 };
	unsigned int bits = 0;

	if (text[n + strspn(text + n, "=")] || strlen(text + n) > 2 || n % 4 == 1)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		bits = bits << 6 | (unsigned int)(strchr(alphabet, text[i]) - alphabet);
		if (i % 4)
			buf_addc(&b, (char)(bits >> (6 - 2 * (i % 4)) & 255));
	}
	*len = b.len;
	return buf_steal(&b);
}
