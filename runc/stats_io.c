#include <string.h>

#include "lib/num.h"
#include "lib/str.h"
#include "runc/stats.h"

/* The lists, in runc's order, and the files of v1 that they come from. */
static const struct list {
	const char *key, *file;
} lists[] = {
	{ "ioServiceBytesRecursive", "io_service_bytes_recursive" },
	{ "ioServicedRecursive", "io_serviced_recursive" },
	{ "ioQueueRecursive", "io_queued_recursive" },
	{ "ioServiceTimeRecursive", "io_service_time_recursive" },
	{ "ioWaitTimeRecursive", "io_wait_time_recursive" },
	{ "ioMergedRecursive", "io_merged_recursive" },
	{ "ioTimeRecursive", "time_recursive" },
	{ "sectorsRecursive", "sectors_recursive" },
};

static void emit_entry(struct emit *e, const char *device, const char *op, uint64_t value)
{
	_strv_ struct strv numbers = { 0 };
	uint64_t major, minor;

	strv_split(&numbers, device, ':');
	if (numbers.n != 2 || num_u64(numbers.v[0], UINT32_MAX, &major) ||
	    num_u64(numbers.v[1], UINT32_MAX, &minor))
		return;
	emit_object(e, NULL);
	stats_emit_u64_if(e, "major", major);
	stats_emit_u64_if(e, "minor", minor);
	emit_str_if(e, "op", op);
	stats_emit_u64_if(e, "value", value);
	emit_end(e);
}

/* "8:0 Read 123" or "8:0 123"; a last line "Total 123" is nobody's. */
static void emit_v1_line(struct emit *e, const char *line)
{
	_strv_ struct strv words = { 0 };
	uint64_t value;

	strv_split(&words, line, ' ');
	if (words.n < 2 || str_eq(words.v[0], "Total") ||
	    num_u64(words.v[words.n - 1], UINT64_MAX, &value))
		return;
	emit_entry(e, words.v[0], words.n == 3 ? words.v[1] : "", value);
}

static void emit_v1_list(struct emit *e, int dirfd, const char *prefix, const struct list *l)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };
	char file[64];

	snprintf(file, sizeof(file), "%s.%s", prefix, l->file);
	if (cgroup_read(dirfd, file, &text) || !strchr(buf_str(&text), ':'))
		return;
	strv_split(&lines, text.data, '\n');
	emit_array(e, l->key);
	for (size_t i = 0; i < lines.n; i++)
		emit_v1_line(e, lines.v[i]);
	emit_end(e);
}

/* Whichever scheduler counts; the throttling layer always does. */
static const char *v1_prefix(int dirfd)
{
	static const char *const prefixes[] = { "blkio.bfq", "blkio", "blkio.throttle" };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		_buf_ struct buf text = { 0 };
		char file[64];

		snprintf(file, sizeof(file), "%s.io_serviced_recursive", prefixes[i]);
		if (!cgroup_read(dirfd, file, &text) && strchr(buf_str(&text), ':'))
			return prefixes[i];
	}
	return prefixes[2];
}

/* KEYS are io.stat's, with the op that v1 calls them. */
static void emit_v2_list(struct emit *e, const struct strv *lines, const char *key,
			 const char *const keys[3])
{
	static const char *const ops[] = { "Read", "Write", "Discard" };

	emit_array(e, key);
	for (size_t i = 0; i < lines->n; i++) {
		_strv_ struct strv words = { 0 };

		strv_split(&words, lines->v[i], ' ');
		for (size_t k = 1; k < words.n; k++) {
			for (size_t o = 0; o < 3; o++) {
				const char *number = str_after(words.v[k], keys[o]);
				uint64_t value;

				if (number && !num_u64(number, UINT64_MAX, &value))
					emit_entry(e, words.v[0], ops[o], value);
			}
		}
	}
	emit_end(e);
}

static void emit_v2(struct emit *e, int dirfd)
{
	static const char *const bytes[] = { "rbytes=", "wbytes=", "dbytes=" };
	static const char *const ios[] = { "rios=", "wios=", "dios=" };
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };

	if (!cgroup_read(dirfd, "io.stat", &text) && text.len) {
		strv_split(&lines, text.data, '\n');
		emit_v2_list(e, &lines, lists[0].key, bytes);
		emit_v2_list(e, &lines, lists[1].key, ios);
	}
	stats_emit_psi(e, dirfd, "io.pressure");
}

void stats_emit_blkio(struct emit *e, const struct cgroup *g)
{
	int dirfd = cgroup_dirfd(g, CGROUP_IO);

	emit_object(e, "blkio");
	if (dirfd >= 0 && cgroup_on_v2(g, CGROUP_IO)) {
		emit_v2(e, dirfd);
	} else if (dirfd >= 0) {
		const char *prefix = v1_prefix(dirfd);

		for (size_t i = 0; i < ARRAY_LEN(lists); i++)
			emit_v1_list(e, dirfd, prefix, &lists[i]);
	}
	emit_end(e);
}
