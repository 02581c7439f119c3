/* authfile - any file of credentials can be read, or is refused by one line; no helper is run. */
#include <string.h>

#include "imgunpack/creds.h"
#include "lib/die.h"
#include "lib/json.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *doc = json_parse((const char *)data, len, JSON_LAST_WINS, why);
	struct creds c = { 0 };

	if (!doc || creds_of(doc, "registry.example:5000", "a/b", &c) < 0)
		return 0;
	if (!c.user != !c.password || (c.user && strchr(c.user, ':')))
		abort();
	creds_free(&c);
	return 0;
}
