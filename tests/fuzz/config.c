/* config - any bytes as config.json and as a process object: refused with a reason, or decoded, and
 * freed again. */
#include "lib/mnt.h"
#include "lib/spec.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[DECODE_WHY_MAX] = "";
	struct spec_process process;
	struct spec spec;

	if (spec_parse(&spec, (const char *)data, len, why) && !*why)
		abort();
	for (size_t i = 0; i < spec.n_mounts; i++) {
		struct mnt_opts o;

		mnt_opts_parse(&o, spec.mounts[i].options);
		mnt_opts_free(&o);
	}
	spec_free(&spec);
	if (spec_parse_process(&process, (const char *)data, len, why) && !*why)
		abort();
	decode_free(&spec_process_schema, &process);
	return 0;
}
