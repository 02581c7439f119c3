/* faults - all that is wrong with a config.json: looking ends, and what is left afterwards is right
 * or a fault that was told. */
#include "runc/faults.h"
#include "lib/spec.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[DECODE_WHY_MAX];
	_json_ struct json *j = json_parse((const char *)data, len, JSON_LAST_WINS, why);
	_faults_ struct faults f = { 0 };
	_spec_ struct spec s = { 0 };

	if (!j)
		return 0;
	faults_find(&f, j);
	if (spec_decode(&s, json_copy(j), why) && !f.n)
		abort();
	for (size_t i = 0; i < f.n; i++) {
		if (*f.v[i].pointer && *f.v[i].pointer != '/')
			abort();
	}
	return 0;
}
