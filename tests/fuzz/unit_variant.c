/* unit_variant - an annotation's value and a cgroupsPath as systemd's property and unit: what is
 * accepted has a type, and a path that stays below the manager's group. */
#include <string.h>

#include "cgctl/unit_name.h"
#include "cgctl/unit_props.h"
#include "lib/mem.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len);
	_unit_props_ struct unit_props props = { 0 };
	_unit_name_ struct unit_name n = { 0 };
	_buf_ struct buf why = { 0 };

	for (int seconds = 0; seconds < 2; seconds++) {
		if (unit_props_variant(&props, seconds ? "FooSec" : "Foo", text, &why) == 0 &&
		    !*props.v[props.n - 1].sig)
			abort();
	}
	if (unit_name_parse(&n, text, false, &why) == 0 &&
	    (*n.path != '/' || strstr(n.path, "/../") || strchr(n.unit, '/')))
		abort();
	return 0;
}
