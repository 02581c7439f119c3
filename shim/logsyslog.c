/* logsyslog.c - records to a syslog service: a message a record, facility daemon. */
#include <string.h>

#include "lib/mem.h"
#include "shim/log.h"
#include "shim/logsock.h"

enum { SYSLOG_PORT = 514, DAEMON = 3 << 3, PRIORITY_OUT = 6, PRIORITY_ERR = 3, HEAD_MAX = 1024 };

/* Where the parts of struct stamp's local stand: 2026-11-21T19:21:08.566169492+00:00. */
enum {
	AT_MONTH = 5,
	AT_DAY = 8,
	AT_TIME = 11,
	TIME_LEN = 8,
	AT_FRACTION = 19,
	MICRO_LEN = 7,
	AT_ZONE = 29
};

enum syslog_format { LOCAL, RFC3164, RFC5424, RFC5424_MICRO };

static const char *const format_names[] = { "local", "rfc3164", "rfc5424", "rfc5424micro" };

struct syslog {
	struct log log;
	struct logsock sock;
	enum syslog_format format;
	char *tag, host[65];
};

static bool is_tag(const char *tag)
{
	for (const char *c = tag; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return *tag && strlen(tag) <= 255;
}

static int format_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(format_names); i++)
		if (str_eq(name, format_names[i]))
			return (int)i;
	return -1;
}

static struct log *syslog_make(const char *target, const struct log_opts *o)
{
	const char *where = target && *target ? target : "unixgram:/dev/log";
	const char *tag = o->tag ? o->tag : o->name ? o->name : o->id;
	struct syslog s = { .log.driver = &log_syslog };
	int format = o->syslog_format ? format_number(o->syslog_format) : -1;

	if (logsock_address(&s.sock, where, SYSLOG_PORT) < 0 || !is_tag(tag) ||
	    (o->syslog_format && format < 0)) {
		errno = EINVAL;
		return NULL;
	}
	s.format = format >= 0				  ? (enum syslog_format)format
		   : s.sock.addr.any.sa_family == AF_UNIX ? LOCAL
							  : RFC3164;
	if (gethostname(s.host, sizeof(s.host) - 1) < 0 || !is_tag(s.host))
		memcpy(s.host, "localhost", sizeof("localhost"));
	s.log.target = xstrdup(where);
	s.tag = xstrdup(tag);
	return memcpy(xmalloc(sizeof(s)), &s, sizeof(s));
}

static int syslog_open(struct log *log)
{
	return logsock_connect(&container_of(log, struct syslog, log)->sock);
}

/* "Nov 21 19:21:08", the day padded with a blank. */
static void put_old_time(char out[16], const char *local)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int month = (local[AT_MONTH] - '0') * 10 + local[AT_MONTH + 1] - '0';
	int at = 3 * ((month + 11) % 12);

	snprintf(out, 16, "%.3s %c%c %.*s", months + at, local[AT_DAY] == '0' ? ' ' : local[AT_DAY],
		 local[AT_DAY + 1], TIME_LEN, local + AT_TIME);
}

static size_t put_head(const struct syslog *s, int stream, const char *local, char out[HEAD_MAX])
{
	int priority = DAEMON | (stream == STREAM_ERR ? PRIORITY_ERR : PRIORITY_OUT);
	int fraction = s->format == RFC5424_MICRO ? MICRO_LEN : 0, pid = getpid();
	char old[16];

	put_old_time(old, local);
	if (s->format == LOCAL)
		return (size_t)snprintf(out, HEAD_MAX, "<%d>%s %s[%d]: ", priority, old, s->tag,
					pid);
	if (s->format == RFC3164)
		return (size_t)snprintf(out, HEAD_MAX, "<%d>%s %s %s[%d]: ", priority, old, s->host,
					s->tag, pid);
	return (size_t)snprintf(out, HEAD_MAX, "<%d>1 %.*s%.*s%s %s %s %d %s - ", priority,
				AT_FRACTION, local, fraction, local + AT_FRACTION, local + AT_ZONE,
				s->host, s->tag, pid, s->tag);
}

static int send_message(struct syslog *s, const struct record *rec, const struct stamp *st)
{
	char head[HEAD_MAX];
	size_t n = put_head(s, rec->stream, st->local, head);
	/* Over a stream a newline ends a message; no record holds one. */
	struct iovec iov[] = { { head, n },
			       { (char *)rec->text, rec->len },
			       { (char *)"\n", s->sock.type == SOCK_STREAM ? 1 : 0 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = ARRAY_LEN(iov) };

	return logsock_send(&s->sock, &msg);
}

static void syslog_put(struct log *log, const struct record *rec, const struct stamp *st)
{
	struct syslog *s = container_of(log, struct syslog, log);
	char text[LOG_NOTE_MAX];
	struct record note;

	/* As dockerd: a message of nothing is none. */
	if (!rec->len)
		return;
	if (log_note(log, text, &note) && send_message(s, &note, st) == 0)
		log_told(log, log->lost_records, log->lost_bytes);
	if (send_message(s, rec, st) < 0)
		log_lose(log, 1, rec->len, errno);
}

static void syslog_nothing(struct log *log _unused_)
{
}

static void syslog_finish(struct log *log _unused_, bool sync _unused_)
{
}

static void syslog_abandon(struct log *log)
{
	logsock_close(&container_of(log, struct syslog, log)->sock);
}

const struct log_driver log_syslog = {
	.name = "syslog",
	.make = syslog_make,
	.open = syslog_open,
	.put = syslog_put,
	.flush = syslog_nothing,
	.relax = syslog_nothing,
	.finish = syslog_finish,
	.abandon = syslog_abandon,
};
