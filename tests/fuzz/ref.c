/* ref - a reference that is accepted prints as one that means the same. */
#include <string.h>

#include "lib/mem.h"
#include "lib/ref.h"
#include "tests/fuzz/fuzz.h"

static void check_same(const char *text, const struct ref *want)
{
	const char *why;
	struct ref got;

	if (ref_parse(text, &got, &why) || strcmp(got.domain, want->domain) ||
	    strcmp(got.path, want->path) || strcmp(got.tag, want->tag) ||
	    strcmp(got.digest.text, want->digest.text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len);
	const char *why = NULL;
	struct ref r;

	if (ref_parse(text, &r, &why)) {
		if (!why)
			abort();
		return 0;
	}

	_free_ char *full = ref_full(&r);
	_free_ char *familiar = ref_familiar(&r);

	/* All of it goes into URLs; a tag may hold "..", a path may not. */
	if (strpbrk(full, " \t\r\n%?#&\\") || strstr(r.path, "..") || strstr(r.domain, ".."))
		abort();
	check_same(full, &r);
	check_same(familiar, &r);
	return 0;
}
