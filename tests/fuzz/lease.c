/* lease - whatever a lease's link points to, its owner is refused or is a space and an interface by
 * name. */
#include <string.h>

#include "lib/mem.h"
#include "netns/netns.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len), *again = NULL;
	char space[256], ifname[IF_NAMESIZE];
	struct nl_addr addr;
	char shown[ADDR_TEXT_MAX];

	if (!addr_parse(text, &addr)) {
		struct nl_addr same;

		if (addr_parse(addr_text(&addr, true, shown), &same) || !addr_equal(&addr, &same))
			abort();
	}
	if (lease_parse(text, space, ifname))
		return 0;
	again = xasprintf("%s/%s", space, ifname);
	if (strcmp(again, text) || !str_is_name(space) || !str_is_name(ifname))
		abort();
	return 0;
}
