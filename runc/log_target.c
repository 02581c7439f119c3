#include <fcntl.h>
#include <sys/socket.h>

#include "lib/die.h"
#include "lib/sock.h"
#include "lib/str.h"
#include "runc/log.h"

/* syslog(3)'s numbers; the facility is "user". */
enum { FACILITY_USER = 1 << 3, PRIORITY_ERROR = 3, PRIORITY_WARNING = 4, PRIORITY_DEBUG = 7 };

static const char journal[] = "/run/systemd/journal/socket";
static const char *const syslogs[] = { "/dev/log", "/run/systemd/journal/dev-log" };

static struct log_target open_file(const char *path)
{
	struct log_target t = { LOG_FILE, -1, NULL };

	t.fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (t.fd < 0)
		die("open log '%s'", path);
	return t;
}

static struct log_target open_socket(enum log_kind kind, const char *path, const char *name)
{
	return (struct log_target){ kind, sock_connect(path, SOCK_DGRAM), *name ? name : "runc" };
}

struct log_target log_target_open(const char *target)
{
	const char *rest;
	struct log_target t;

	if (!target || !*target)
		return (struct log_target){ LOG_STDERR, -1, NULL };
	rest = str_after(target, "journald:");
	if (rest) {
		t = open_socket(LOG_JOURNAL, journal, rest);
		if (t.fd < 0)
			die("open the journal '%s'", journal);
		return t;
	}
	rest = str_after(target, "syslog:");
	if (rest) {
		t = open_socket(LOG_SYSLOG, syslogs[0], rest);
		if (t.fd < 0)
			t = open_socket(LOG_SYSLOG, syslogs[1], rest);
		if (t.fd < 0)
			die("open syslog '%s'", syslogs[0]);
		return t;
	}
	rest = str_after(target, "file:");
	return open_file(rest ? rest : target);
}

static int priority(const char *level)
{
	if (str_eq(level, "error"))
		return PRIORITY_ERROR;
	return str_eq(level, "warning") ? PRIORITY_WARNING : PRIORITY_DEBUG;
}

/* Nowhere is left to report that the log cannot be written. */
static void put(int fd, const struct buf *b)
{
	if (write(fd, b->data, b->len) < 0)
		return;
}

void log_target_write(const struct log_target *t, const char *level, const char *msg,
		      const struct buf *line)
{
	_buf_ struct buf b = { 0 };

	switch (t->kind) {
	case LOG_STDERR:
		put(STDERR_FILENO, line);
		return;
	case LOG_FILE:
		put(t->fd, line);
		return;
	case LOG_SYSLOG:
		buf_addf(&b, "<%d>%s[%d]: %s", FACILITY_USER | priority(level), t->name,
			 (int)getpid(), msg);
		break;
	case LOG_JOURNAL:
		/* Control bytes are gone from MSG, newlines with them. */
		buf_addf(&b, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nCODE=%s\nMESSAGE=%s\n",
			 priority(level), t->name,
			 str_eq(level, "error") ? log_code(msg, die_errno()) : "", msg);
		break;
	}
	put(t->fd, &b);
}
