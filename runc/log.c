#include <fcntl.h>
#include <sys/time.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/str.h"
#include "runc/log.h"

static struct {
	int fd; /* -1: stderr */
	bool json;
	const char *prefix;
} out = { .fd = -1 };

/* RFC 3339 in UTC, seconds for people and microseconds for machines. */
static void format_time(char *s, size_t size, bool fraction)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(s, size, "%Y-%m-%dT%H:%M:%S", &tm);
	if (fraction)
		n += (size_t)snprintf(s + n, size - n, ".%06ld", now.tv_nsec / 1000);
	snprintf(s + n, size - n, "Z");
}

static void format_json(struct buf *line, const char *level, const char *msg)
{
	struct emit e = { .out = line };
	char when[64];

	format_time(when, sizeof(when), true);
	emit_object(&e, NULL);
	emit_str(&e, "level", level);
	emit_str(&e, "msg", msg);
	emit_str(&e, "time", when);
	emit_end(&e);
}

static void format_text(struct buf *line, const char *level, const char *msg)
{
	char when[64];

	format_time(when, sizeof(when), false);
	buf_addf(line, "time=\"%s\" level=%s msg=", when, level);
	emit_quoted(line, msg, strlen(msg), false);
}

static void write_line(int fd, struct buf *line)
{
	buf_addc(line, '\n');
	/* Nowhere is left to report that the log cannot be written. */
	if (write(fd, line->data, line->len) < 0)
		return;
}

/* An error goes to stderr as well, plainly: a person or a shim may be reading there. */
static void sink(const char *level, const char *msg)
{
	_buf_ struct buf line = { 0 }, full = { 0 }, plain = { 0 };
	bool error = str_eq(level, "error");

	if (error && out.prefix)
		buf_addf(&full, "%s: ", out.prefix);
	buf_adds(&full, msg);
	if (out.json)
		format_json(&line, level, full.data);
	else
		format_text(&line, level, full.data);
	write_line(out.fd < 0 ? STDERR_FILENO : out.fd, &line);
	if (out.fd < 0 || !error)
		return;
	buf_adds(&plain, full.data);
	write_line(STDERR_FILENO, &plain);
}

void log_open(const char *path, const char *format)
{
	if (!str_eq(format, "text") && !str_eq(format, "json"))
		diex("invalid log-format: '%s'", format);
	out.json = str_eq(format, "json");
	if (path && *path) {
		out.fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
		if (out.fd < 0)
			die("open log '%s'", path);
	}
	die_to(sink);
}

void log_prefix(const char *prefix)
{
	out.prefix = prefix;
}

int log_fd(void)
{
	return out.fd;
}

void log_close(void)
{
	close_fd(&out.fd);
	out.fd = -1;
}
