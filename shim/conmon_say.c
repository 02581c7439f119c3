/* conmon_say.c - our own diagnostics to the system's log, as conmon words them. */
#include <stdarg.h>
#include <strings.h>
#include <time.h>

#include "lib/die.h"
#include "shim/conmon.h"

enum { DAEMON = 3 << 3, SAY_MAX = 1024 };

/* In conmon's order; rows of one rank are one level. */
static const struct {
	const char *name;
	int rank, severity;
} levels[] = {
	{ "error", 0, 3 },   { "fatal", 0, 3 }, { "panic", 0, 3 }, { "warn", 1, 4 },
	{ "warning", 1, 4 }, { "info", 2, 6 },	{ "debug", 3, 7 }, { "trace", 4, 7 },
};

static int find_level(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (!strcasecmp(name, levels[i].name))
			return (int)i;
	return -1;
}

int conmon_say_set_level(struct conmon *c, const char *name)
{
	int at = find_level(name);

	if (at < 0)
		return -1;
	c->say_rank = levels[at].rank;
	return 0;
}

void conmon_say(struct conmon *c, const char *level, const char *fmt, ...)
{
	int at = find_level(level);
	char when[32], head[128], text[SAY_MAX];
	struct iovec iov[] = { { head, 0 }, { text, 0 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = ARRAY_LEN(iov) };
	time_t now = time(NULL);
	struct tm tm;
	va_list ap;

	if (!c->syslog || at < 0 || levels[at].rank > c->say_rank)
		return;
	if (!c->syslog_sock.addr_len &&
	    logsock_address(&c->syslog_sock, "unixgram:/dev/log", 0) < 0)
		return;
	strftime(when, sizeof(when), "%b %e %H:%M:%S", localtime_r(&now, &tm));
	snprintf(head, sizeof(head),
		 "<%d>%s conmon[%d]: conmon %.20s <%s>: ", DAEMON | levels[at].severity, when,
		 getpid(), c->cid ? c->cid : "", levels[at].name);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	iov[0].iov_len = strlen(head);
	iov[1].iov_len = strlen(die_clean(text));
	/* Nowhere is left to say that it cannot be said. */
	(void)!logsock_send(&c->syslog_sock, &msg);
}

void conmon_say_end(struct conmon *c, const struct ending *e)
{
	const struct monitor *m = &c->monitor;

	if (e->timed_out)
		conmon_say(c, "warning", "killed after %d seconds", c->timeout_s);
	for (unsigned i = 0; i < m->n_logs; i++) {
		const struct log *log = m->logs[i];

		if (log->lost_records)
			conmon_say(c, "warning", "log '%s': %llu records (%llu bytes) lost: %s",
				   log->target, (unsigned long long)log->lost_records,
				   (unsigned long long)log->lost_bytes, strerror(log->lost_errno));
	}
	if (e->oom)
		conmon_say(c, "info", "out of memory");
	conmon_say(c, "info", "container exited with status %d", e->code);
}
