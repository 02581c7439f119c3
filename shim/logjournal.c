/* logjournal.c - records to systemd's journal, in its native protocol: a datagram an entry.
 *
 * KEY=VALUE and a newline a field; a value that may hold a newline or any byte is KEY, a newline,
 * its length as 64 bits little endian, the value, a newline. What is too large for a datagram
 * goes as a sealed memory file. systemd.io/JOURNAL_NATIVE_PROTOCOL.
 */
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "shim/log.h"
#include "shim/logsock.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

enum { SHORT_ID = 12, PRIORITY_OUT = 6, PRIORITY_ERR = 3 };

struct journal {
	struct log log;
	struct logsock sock;
	struct buf fields; /* the same with every record */
	bool priorities, no_partial_mark;
};

static bool is_label(const char *label)
{
	size_t key = strspn(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return key && label[0] != '_' && label[key] == '=' && !strchr(label, '\n');
}

static void add_field(struct buf *b, const char *key, const char *value)
{
	if (value && *value)
		buf_addf(b, "%s=%s\n", key, value);
}

static void add_fields(struct buf *b, const struct log_opts *o)
{
	_free_ char *short_id = xasprintf("%.*s", SHORT_ID, o->id);

	add_field(b, "CONTAINER_ID", short_id);
	add_field(b, "CONTAINER_ID_FULL", o->id);
	add_field(b, "CONTAINER_NAME", o->name);
	add_field(b, "CONTAINER_TAG", o->tag);
	add_field(b, "SYSLOG_IDENTIFIER", o->tag ? o->tag : o->name ? o->name : short_id);
	for (size_t i = 0; o->labels && i < o->labels->n; i++)
		buf_addf(b, "%s\n", o->labels->v[i]);
}

static struct log *journal_make(const char *target, const struct log_opts *o)
{
	struct journal *j;

	for (size_t i = 0; o->labels && i < o->labels->n; i++)
		if (!is_label(o->labels->v[i])) {
			errno = EINVAL;
			return NULL;
		}
	if ((target && *target) || (o->tag && strchr(o->tag, '\n')) ||
	    (o->name && strchr(o->name, '\n'))) {
		errno = EINVAL;
		return NULL;
	}
	j = xcalloc(1, sizeof(*j));
	(void)!logsock_address(&j->sock, "unixgram:" JOURNAL_SOCKET, 0);
	j->log.driver = &log_journald;
	j->log.target = xstrdup(JOURNAL_SOCKET);
	j->priorities = o->priorities;
	j->no_partial_mark = o->no_partial_mark;
	add_fields(&j->fields, o);
	return &j->log;
}

static int journal_open(struct log *log)
{
	return logsock_connect(&container_of(log, struct journal, log)->sock);
}

/* The entry as a file whose content cannot change any more, sent instead of it. */
static int send_file(struct logsock *s, const struct msghdr *entry)
{
	_close_ int fd = memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec nothing = { NULL, 0 };
	struct msghdr msg = { .msg_iov = &nothing,
			      .msg_iovlen = 1,
			      .msg_control = control.space,
			      .msg_controllen = sizeof(control.space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	if (fd < 0 || writev(fd, entry->msg_iov, (int)entry->msg_iovlen) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -1;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return logsock_send(s, &msg);
}

/* "<3>text" says its priority itself, as for journald's own stdout of services. */
static int take_priority(const struct journal *j, struct record *rec)
{
	const char *t = rec->text;

	if (!j->priorities || rec->len < 3 || t[0] != '<' || t[1] < '0' || t[1] > '7' ||
	    t[2] != '>')
		return rec->stream == STREAM_ERR ? PRIORITY_ERR : PRIORITY_OUT;
	rec->text += 3;
	rec->len -= 3;
	return t[1] - '0';
}

static int send_entry(struct journal *j, const struct record *record)
{
	struct record rec = *record;
	int priority = take_priority(j, &rec);
	char head[96];
	int n = snprintf(head, sizeof(head), "PRIORITY=%d\n%sMESSAGE\n", priority,
			 rec.partial && !j->no_partial_mark ? "CONTAINER_PARTIAL_MESSAGE=true\n"
							    : "");
	uint64_t len = htole64(rec.len);
	struct iovec iov[] = { { j->fields.data, j->fields.len },
			       { head, (size_t)n },
			       { &len, sizeof(len) },
			       { (char *)rec.text, rec.len },
			       { (char *)"\n", 1 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = ARRAY_LEN(iov) };

	if (logsock_send(&j->sock, &msg) == 0)
		return 0;
	return errno == EMSGSIZE ? send_file(&j->sock, &msg) : -1;
}

static void journal_put(struct log *log, const struct record *rec, const struct stamp *st _unused_)
{
	struct journal *j = container_of(log, struct journal, log);
	char text[LOG_NOTE_MAX];
	struct record note;

	if (log_note(log, text, &note) && send_entry(j, &note) == 0)
		log_told(log, log->lost_records, log->lost_bytes);
	if (send_entry(j, rec) < 0)
		log_lose(log, 1, rec->len, errno);
}

static void journal_nothing(struct log *log _unused_)
{
}

static void journal_finish(struct log *log _unused_, bool sync _unused_)
{
}

static void journal_abandon(struct log *log)
{
	logsock_close(&container_of(log, struct journal, log)->sock);
}

const struct log_driver log_journald = {
	.name = "journald",
	.make = journal_make,
	.open = journal_open,
	.put = journal_put,
	.flush = journal_nothing,
	.relax = journal_nothing,
	.finish = journal_finish,
	.abandon = journal_abandon,
};
