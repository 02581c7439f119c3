/* shim_logwrite - any output, cut into records, written and read back: nothing is lost or changed
 * but bytes that JSON cannot hold. */
#include <string.h>

#include "lib/buf.h"
#include "lib/str.h"
#include "shim/format.h"
#include "shim/logread.h"
#include "tests/fuzz/fuzz.h"

static char out[FORMAT_MAX];

static void read_back(size_t n, const struct record *rec, struct buf *text)
{
	struct entry e;

	if (n > FORMAT_MAX || out[n - 1] != '\n' || memchr(out, '\n', n - 1))
		abort();
	if (logread_line(out, n - 1, &e) < 0)
		abort();
	if (e.rec.stream != rec->stream || e.rec.partial != rec->partial ||
	    e.time_ns != 1234567890120)
		abort();
	buf_add(text, e.rec.text, e.rec.len);
	if (!e.rec.partial)
		buf_addc(text, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct timespec ts = { 1234, 567890120 };
	_buf_ struct buf json = { 0 }, cri = { 0 };
	const char *s = (const char *)data;
	struct record rec = { .stream = STREAM_ERR };
	struct stamp st;
	size_t n;

	stamp_set(&st, &ts);
	for (size_t at = 0; at < len; at += n) {
		n = record_next(s + at, len - at, true, &rec);
		if (!n || n > len - at || rec.len > LOG_LINE_MAX)
			abort();
		read_back(format_json(out, &rec, &st), &rec, &json);
		read_back(format_k8s(out, &rec, &st), &rec, &cri);
	}
	if (cri.len != len || (len && memcmp(cri.data, data, len)))
		abort();
	if (len <= LOG_LINE_MAX && str_is_utf8(s, len) && json.len != len)
		abort();
	return 0;
}
