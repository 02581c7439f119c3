/* ending.c - writing the exit record. */
#include <string.h>

#include "lib/emit.h"
#include "lib/io.h"
#include "shim/ending.h"
#include "shim/place.h"

static void emit_time(struct emit *j, const char *key, const struct timespec *ts)
{
	struct stamp st;

	stamp_set(&st, ts);
	emit_strn(j, key, st.utc, st.utc_len);
}

static void emit_log(struct emit *j, const struct log *log)
{
	emit_object(j, NULL);
	emit_str(j, "driver", log->driver->name);
	emit_str(j, "path", log->target);
	emit_u64(j, "lostRecords", log->lost_records);
	emit_u64(j, "lostBytes", log->lost_bytes);
	if (log->lost_records)
		emit_str(j, "lostReason", strerror(log->lost_errno));
	emit_end(j);
}

int ending_write(int dirfd, const struct monitor *m, const struct ending *e)
{
	_buf_ struct buf text = { 0 };
	struct emit j = { .out = &text };
	char code[16];

	emit_object(&j, NULL);
	emit_int(&j, "exitCode", e->code);
	if (e->unknown)
		emit_bool(&j, "unknown", true);
	emit_int(&j, "signal", e->signal);
	emit_bool(&j, "oom", e->oom);
	emit_time(&j, "startedAt", &e->created);
	emit_time(&j, "finishedAt", &e->finished);
	emit_array(&j, "logs");
	for (unsigned i = 0; i < m->n_logs; i++)
		emit_log(&j, m->logs[i]);
	emit_end(&j);
	emit_end(&j);
	buf_addc(&text, '\n');
	snprintf(code, sizeof(code), "%d", e->code);
	/* `exit` is the one waited for, so it comes last. */
	if (file_replace(dirfd, PLACE_JSON, 0644, text.data, text.len, false) < 0)
		return -1;
	return file_put_line(dirfd, PLACE_EXIT, code);
}
