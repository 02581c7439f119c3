#include <string.h>

#include "lib/buf.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/str.h"
#include "lib/utc.h"
#include "runc/log.h"

enum level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_DEBUG };

static struct {
	struct log_target target;
	bool json;
	enum level level;
	const char *prefix;
} out = { .target = { LOG_STDERR, -1, NULL } };

static void format_json(struct buf *line, const char *level, const char *msg)
{
	struct emit e = { .out = line };
	char when[UTC_MAX];

	emit_object(&e, NULL);
	emit_str(&e, "level", level);
	emit_str(&e, "msg", msg);
	emit_str(&e, "time", utc_now(6, when));
	if (str_eq(level, "error"))
		emit_str(&e, "code", log_code(msg, die_errno()));
	if (die_errno())
		emit_str_if(&e, "errno", strerrorname_np(die_errno()));
	emit_end(&e);
}

static void format_text(struct buf *line, const char *level, const char *msg)
{
	char when[UTC_MAX];

	buf_addf(line, "time=\"%s\" level=%s msg=", utc_now(0, when), level);
	emit_quoted(line, msg, strlen(msg), false);
}

static int level_of(const char *name)
{
	static const char *const names[] = { "error", "warning", "debug", NULL };

	return strv_index((char *const *)(uintptr_t)names, name);
}

/* An error goes to stderr as well, plainly: a person or a shim may be reading there. */
static void sink(const char *level, const char *msg)
{
	_buf_ struct buf line = { 0 }, full = { 0 };
	bool error = str_eq(level, "error");

	if (level_of(level) > (int)out.level)
		return;
	if (error && out.prefix)
		buf_addf(&full, "%s: ", out.prefix);
	buf_adds(&full, msg);
	if (out.json)
		format_json(&line, level, full.data);
	else
		format_text(&line, level, full.data);
	buf_addc(&line, '\n');
	log_target_write(&out.target, level, full.data, &line);
	if (out.target.kind == LOG_STDERR || !error)
		return;
	buf_addc(&full, '\n');
	/* Nowhere is left to report that it cannot be written. */
	if (write(STDERR_FILENO, full.data, full.len) < 0)
		return;
}

void log_open(const char *target, const char *format, const char *level)
{
	int n = level_of(level);

	if (!str_eq(format, "text") && !str_eq(format, "json"))
		diex("invalid log-format: '%s'", format);
	if (n < 0)
		diex("invalid log-level: '%s'", level);
	out.json = str_eq(format, "json");
	out.level = (enum level)n;
	out.target = log_target_open(target);
	die_to(sink);
}

void log_prefix(const char *prefix)
{
	out.prefix = prefix;
}

int log_fd(void)
{
	return out.target.fd;
}

void log_close(void)
{
	close_fd(&out.target.fd);
	out.target = (struct log_target){ LOG_STDERR, -1, NULL };
}
