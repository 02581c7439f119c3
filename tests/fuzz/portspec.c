/* portspec - whatever -p is given, it is refused with a reason or gives ports in order. */
#include <string.h>

#include "lib/mem.h"
#include "netns/netns.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len);
	struct portspec spec;
	char why[WHY_MAX] = "";

	if (portspec_parse(text, &spec, why)) {
		if (!*why)
			abort();
		return 0;
	}
	if (!spec.first || spec.first > spec.last || spec.last > 65535)
		abort();
	if (spec.host_first > spec.host_last || spec.host_last > 65535)
		abort();
	if (protocol_number(spec.protocol) < 0)
		abort();
	return 0;
}
