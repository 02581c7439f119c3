/* json - parse, print, parse again: what we print of what we read must read the same. */
#include "lib/json.h"
#include "lib/emit.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[JSON_WHY_MAX];
	_buf_ struct buf first = { 0 }, second = { 0 };
	struct emit a = { .out = &first }, b = { .out = &second };
	_json_ struct json *j = json_parse((const char *)data, len, 0, why);

	if (!j)
		return 0;
	emit_json(&a, NULL, j);

	_json_ struct json *again = json_parse(first.data, first.len, 0, why);

	if (!again)
		abort();
	emit_json(&b, NULL, again);
	if (strcmp(first.data, second.data))
		abort();
	return 0;
}
