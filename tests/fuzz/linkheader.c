/* linkheader - any Link header can be read; a target has no '>' and is part of the header. */
#include <string.h>

#include "imgunpack/referrers.h"
#include "lib/mem.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len);
	_free_ char *target = link_next(text);

	if (target && (strchr(target, '>') || !strstr(text, target)))
		abort();
	return 0;
}
