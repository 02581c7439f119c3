/* registries - any file can be read, and what it makes of a reference is one. */
#include "imgunpack/registries.h"
#include "lib/mem.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len);
	char why[REGISTRIES_WHY_MAX];
	struct registry_settings s;
	const char *reason;
	struct ref r, moved;

	if (ref_parse("a.example.org:5000/x/y:1", &r, &reason))
		abort();
	if (registries_read(text, "a.example.org:5000/x/y", &s, why)) {
		if (s.prefix || !*why)
			abort();
		return 0;
	}
	if ((s.location || s.mirrors.n || s.insecure || s.blocked || s.tries) && !s.prefix)
		abort();
	for (size_t i = 0; i < s.mirrors.n; i++)
		if (!registries_place(&s, &r, s.mirrors.v[i], &moved) &&
		    (!*moved.domain || !*moved.path))
			abort();
	registries_free(&s);
	return 0;
}
