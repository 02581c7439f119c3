/* cni_cache - a cached result may be anybody's file: refused with a reason, or a whole attachment.
 */
#include <string.h>

#include "netns/cni.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_network_ struct network net = { 0 };
	_json_ struct json *j = NULL;
	char why[WHY_MAX] = "";

	if (chain_parse_cache((const char *)data, len, &j, &net, why)) {
		if (!*why)
			abort();
		return 0;
	}
	if (!net.name || !str_is_name(net.name) || !json_get_str(j, "containerId"))
		abort();
	return 0;
}
