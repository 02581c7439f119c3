#include <string.h>

#include "lib/die.h"

/* The program's name and log settings are the only mutable state of lib/ (STYLE 2). */
static struct {
	const char *name;
	int status, err;
	die_sink *sink;
	void (*cleanup)(void);
} prog = { .name = "lash", .status = 1 };

void die_name(const char *name)
{
	prog.name = name;
}

const char *die_get_name(void)
{
	return prog.name;
}

void die_status(int status)
{
	prog.status = status;
}

int die_get_status(void)
{
	return prog.status;
}

void die_to(die_sink *sink)
{
	prog.sink = sink;
}

int die_errno(void)
{
	return prog.err;
}

void die_cleanup(void (*fn)(void))
{
	prog.cleanup = fn;
}

char *die_clean(char *s)
{
	for (unsigned char *p = (unsigned char *)s; *p; p++) {
		if (*p < ' ' || *p == 127)
			*p = '?';
	}
	return s;
}

static void to_stderr(const char *msg)
{
	char line[4096 + 128];
	int n = snprintf(line, sizeof(line), "%s: %s", prog.name, msg);
	size_t len = n < 0 ? 0 : (size_t)n;

	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len] = '\n';
	/* Nowhere is left to report that stderr cannot be written. */
	if (write(STDERR_FILENO, line, len + 1) < 0)
		return;
}

/* However long the message is, the reason is at its end. */
static void add_reason(char *msg, size_t size, size_t len, int err)
{
	const char *reason = strerror(err);
	size_t last = size - strlen(reason) - sizeof(": ");
	size_t at = len < last ? len : last;

	snprintf(msg + at, size - at, ": %s", reason);
}

static void say(const char *level, int err, const char *fmt, va_list ap)
{
	char msg[4096];
	int n = vsnprintf(msg, sizeof(msg), fmt, ap);
	size_t len = n < 0 ? 0 : (size_t)n;

	if (err)
		add_reason(msg, sizeof(msg), len, err);
	die_clean(msg);
	prog.err = err;
	if (prog.sink)
		prog.sink(level, msg);
	else
		to_stderr(msg);
}

_noreturn_ static void leave(int status)
{
	void (*cleanup)(void) = prog.cleanup;

	prog.cleanup = NULL;
	if (cleanup)
		cleanup();
	exit(status);
}

void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	say("error", err, fmt, ap);
	va_end(ap);
	leave(prog.status);
}

void diex(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error", 0, fmt, ap);
	va_end(ap);
	leave(prog.status);
}

void die_with(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error", 0, fmt, ap);
	va_end(ap);
	leave(status);
}

void warn(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	say("warning", err, fmt, ap);
	va_end(ap);
	errno = err;
}

void warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning", 0, fmt, ap);
	va_end(ap);
}

void debug(const char *fmt, ...)
{
	const char *on = getenv("LASH_DEBUG");
	int err = errno;
	va_list ap;

	if (!on || !*on)
		return;
	va_start(ap, fmt);
	say("debug", 0, fmt, ap);
	va_end(ap);
	errno = err;
}
