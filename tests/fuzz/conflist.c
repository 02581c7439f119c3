/* conflist - whatever a network configuration says, it is refused with a reason or gives ranges
 * that hold together. */
#include <string.h>

#include "netns/netns.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct range *r)
{
	if (!addr_within(&r->first, &r->subnet) || !addr_within(&r->last, &r->subnet) ||
	    !addr_within(&r->gateway, &r->subnet) || addr_compare(&r->first, &r->last) > 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_network_ struct network net = { 0 };
	char why[WHY_MAX] = "";

	if (network_parse((const char *)data, len, &net, why)) {
		if (!*why)
			abort();
		return 0;
	}
	if (net.chain)
		return str_is_name(net.name) ? 0 : (abort(), 0);
	if (!str_is_name(net.name) || !is_ifname(net.bridge) || !net.nsets)
		abort();
	for (size_t i = 0; i < net.nranges; i++)
		check(&net.ranges[i]);
	return 0;
}
