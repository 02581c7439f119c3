/* shim_logread - log lines nobody vouches for, both formats: what is read lies within the line. */
#include <string.h>

#include "lib/mem.h"
#include "shim/logread.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *line = xmemdup0((const char *)data, len);
	struct entry e;
	int64_t ns;

	(void)!logread_time(line, len, &ns);
	if (logread_line(line, len, &e) < 0)
		return 0;
	if (e.rec.stream < 0 || e.rec.stream >= N_STREAMS || e.rec.len > len)
		abort();
	if (e.rec.len && (e.rec.text < line || e.rec.text + e.rec.len > line + len))
		abort();
	if (e.attrs_len && (e.attrs < line || e.attrs + e.attrs_len > line + len))
		abort();
	return 0;
}
