/* logexec.c - records to a program's stdin, as json-file lines.
 *
 * The program is started with the container and again whenever it ends, at growing intervals. We
 * keep both ends of its pipe: what one has not read its successor does. Beyond the pipe a buffer
 * of fixed size is kept; when that is full too, a program that reads sets the pace, while one
 * that is gone or takes nothing for LOG_PATIENCE_MS costs records, which are counted.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "lib/mem.h"
#include "lib/spawn.h"
#include "shim/log.h"
#include "shim/monitor.h"

enum {
	BUFFER = 1024 * 1024,
	RETRY_FIRST_MS = 100,
	RETRY_LAST_MS = 10000,
	STEADY_S = 10, /* having run so long, the next start is a first one */
};

struct logexec {
	struct log log;
	struct strv argv;
	struct monitor *m;
	struct source out; /* our end of the pipe */
	int in_fd;	   /* the program's */
	pid_t pid;	   /* 0: it is not running */
	bool tired;	   /* it was waited for in vain */
	struct timespec started;
	struct alarm again;
	int retry_ms;
	char *buf;
	size_t off, used;
};

static struct logexec *exec_of(struct log *log)
{
	return container_of(log, struct logexec, log);
}

static struct log *exec_make(const char *target, const struct log_opts *o _unused_)
{
	_free_ char *words = xstrdup(target ? target : "");
	struct logexec *x = xcalloc(1, sizeof(*x));
	char *save = NULL;

	for (char *w = strtok_r(words, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save))
		strv_add(&x->argv, w);
	if (!x->argv.n) {
		free(x);
		errno = EINVAL;
		return NULL;
	}
	x->log.driver = &log_exec;
	x->log.target = xstrdup(target);
	x->out.fd = x->in_fd = -1;
	return &x->log;
}

static int exec_open(struct log *log)
{
	struct logexec *x = exec_of(log);
	_free_ char *program = spawn_find(x->argv.v[0]);
	int ends[2];

	if (!program || pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	x->in_fd = ends[0];
	x->out.fd = ends[1];
	x->buf = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return x->buf == MAP_FAILED ? -1 : fcntl(x->out.fd, F_SETFL, O_NONBLOCK);
}

static void start_program(struct logexec *x)
{
	clock_gettime(CLOCK_MONOTONIC, &x->started);
	x->pid = process_start(x->m, x->argv.v, (const int[]){ x->in_fd, -1, -1 });
	if (x->pid > 0)
		return;
	x->pid = 0;
	loop_alarm(&x->m->loop, &x->again, RETRY_LAST_MS);
}

static void start_again(struct alarm *a)
{
	start_program(container_of(a, struct logexec, again));
}

/* Hand on what the pipe takes. */
static void push(struct logexec *x)
{
	while (x->off < x->used) {
		ssize_t n = write(x->out.fd, x->buf + x->off, x->used - x->off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			loop_watch(&x->m->loop, &x->out, EPOLLOUT);
			return;
		}
		x->off += (size_t)n;
		x->tired = false;
	}
	x->off = x->used = 0;
	loop_watch(&x->m->loop, &x->out, 0);
}

static void pipe_ready(struct source *src, uint32_t events _unused_)
{
	struct logexec *x = container_of(src, struct logexec, out);

	push(x);
	if (x->off == x->used)
		monitor_log_drained(x->m);
}

static void exec_start(struct log *log, struct monitor *m)
{
	struct logexec *x = exec_of(log);

	x->m = m;
	x->out.ready = pipe_ready;
	x->again.ring = start_again;
	start_program(x);
}

/* Room for the largest record, in front of which what is still to go is moved. */
static bool has_room(struct logexec *x)
{
	if (x->used <= BUFFER - FORMAT_MAX)
		return true;
	if (x->off < BUFFER / 4)
		return false;
	memmove(x->buf, x->buf + x->off, x->used - x->off);
	x->used -= x->off;
	x->off = 0;
	return x->used <= BUFFER - FORMAT_MAX;
}

static void make_room(struct logexec *x)
{
	struct pollfd p = { x->out.fd, POLLOUT, 0 };

	while (!has_room(x) && x->pid && !x->tired) {
		x->tired = poll(&p, 1, LOG_PATIENCE_MS) == 0;
		push(x);
	}
}

static void exec_put(struct log *log, const struct record *rec, const struct stamp *st)
{
	struct logexec *x = exec_of(log);
	char text[LOG_NOTE_MAX];
	struct record note;

	make_room(x);
	if (has_room(x) && log_note(log, text, &note)) {
		x->used += format_json(x->buf + x->used, &note, st);
		log_told(log, log->lost_records, log->lost_bytes);
	}
	if (has_room(x))
		x->used += format_json(x->buf + x->used, rec, st);
	else
		log_lose(log, 1, rec->len, ENOBUFS);
}

static void exec_flush(struct log *log)
{
	push(exec_of(log));
}

static void exec_relax(struct log *log)
{
	struct logexec *x = exec_of(log);

	if (x->off == x->used)
		madvise(x->buf, BUFFER, MADV_DONTNEED);
}

static bool exec_pending(const struct log *log)
{
	const struct logexec *x = container_of(log, const struct logexec, log);
	int unread = 0;

	/* A program that runs reads its pipe to the end without us. */
	return x->off < x->used || (!x->pid && ioctl(x->in_fd, FIONREAD, &unread) == 0 && unread);
}

static bool exec_reaped(struct log *log, pid_t pid, int wait_status _unused_)
{
	struct logexec *x = exec_of(log);
	struct timespec now;

	if (!x->pid || pid != x->pid)
		return false;
	x->pid = 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	x->retry_ms = !x->retry_ms || now.tv_sec - x->started.tv_sec >= STEADY_S ? RETRY_FIRST_MS
		      : x->retry_ms < RETRY_LAST_MS / 2				 ? 2 * x->retry_ms
										 : RETRY_LAST_MS;
	loop_alarm(&x->m->loop, &x->again, x->retry_ms);
	return true;
}

/* Of a record that is half on its way the rest stays, so that what may follow stands alone. */
static void exec_finish(struct log *log, bool sync _unused_)
{
	struct logexec *x = exec_of(log);
	const char *end = x->buf + x->used, *p = x->buf + x->off, *lost;
	uint64_t records = 0;

	if (p > x->buf && p < end && p[-1] != '\n')
		p = (char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	for (lost = p; p < end; p++, records++)
		p = memchr(p, '\n', (size_t)(end - p));
	if (records)
		log_lose(log, records, (uint64_t)(end - lost), ETIMEDOUT);
	x->used = (size_t)(lost - x->buf);
}

static void exec_abandon(struct log *log)
{
	struct logexec *x = exec_of(log);

	if (x->out.fd < 0)
		return;
	close(steal_fd(&x->out.fd));
	close(steal_fd(&x->in_fd));
	munmap(x->buf, BUFFER);
}

const struct log_driver log_exec = {
	.name = "exec",
	.make = exec_make,
	.open = exec_open,
	.start = exec_start,
	.put = exec_put,
	.flush = exec_flush,
	.relax = exec_relax,
	.pending = exec_pending,
	.reaped = exec_reaped,
	.finish = exec_finish,
	.abandon = exec_abandon,
};
