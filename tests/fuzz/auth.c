/* auth - any WWW-Authenticate header can be read; base64 comes back as it went. */
#include <string.h>

#include "imgunpack/challenge.h"
#include "lib/base64.h"
#include "lib/mem.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len);
	_free_ char *encoded = base64_encode(text, len);
	struct challenge c = { 0 };
	size_t n, ignored;
	_free_ char *decoded = base64_decode(encoded, &n);
	_free_ char *attempt = base64_decode(text, &ignored);

	if (!decoded || n != len || memcmp(decoded, text, len))
		abort();
	challenge_read(text, &c);
	challenge_read("Basic realm=\"x\"", &c);
	if (c.scheme == CHALLENGE_NONE)
		abort();
	challenge_free(&c);
	return 0;
}
