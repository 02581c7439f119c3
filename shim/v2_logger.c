/* v2_logger.c - binary://PATH?KEY=VALUE&...: a program that takes a process's output.
 *
 * The process writes into the program's pipes itself. The program ends when it has read all; when
 * it has not, a while after the process was deleted, it is asked to, and then made to.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "shim/v2.h"
#include "shim/v2_stdio.h"

enum { READY_MS = 10000, ASK_MS = 2000, KILL_MS = 12000, OUT_FD = 3, ERR_FD, READY_FD };

/* On the ready pipe, from the child that could not become the logger. */
#define NOT_STARTED '\xff'

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

char *uri_unescape(const char *s)
{
	char *out = xstrdup(s), *w = out;

	for (const char *r = s; *r; r++) {
		int high = *r == '%' ? hex(r[1]) : -1, low = high < 0 ? -1 : hex(r[2]);

		if (low > 0 || (low == 0 && high > 0)) {
			*w++ = (char)(high << 4 | low);
			r += 2;
		} else {
			*w++ = *r;
		}
	}
	*w = '\0';
	return out;
}

/* PATH?K=V&K2=V2 as PATH K V K2 V2. */
static void split_uri(const char *uri, struct strv *argv)
{
	const char *query = strchr(uri, '?');
	_free_ char *path = xmemdup0(uri, query ? (size_t)(query - uri) : strlen(uri));
	_strv_ struct strv pairs = { 0 };

	strv_take(argv, uri_unescape(path));
	if (query && query[1])
		strv_split(&pairs, query + 1, '&');
	for (size_t i = 0; i < pairs.n; i++) {
		char *equals = strchr(pairs.v[i], '=');

		if (equals)
			*equals = '\0';
		strv_take(argv, uri_unescape(pairs.v[i]));
		if (equals && equals[1])
			strv_take(argv, uri_unescape(equals + 1));
	}
}

static _noreturn_ void become_logger(const struct proc *p, char *const *argv, const int fds[3])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high[3];

	proc_reset_signals();
	for (int i = 0; i < 3; i++)
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 16);
	for (int i = 0; i < 3; i++)
		if (fd_install(null, i) < 0 || fd_install(high[i], OUT_FD + i) < 0)
			_exit(126);
	(void)!fd_close_from(READY_FD + 1);
	clearenv();
	setenv("CONTAINER_ID", p->task->id, 1);
	setenv("CONTAINER_NAMESPACE", p->task->server->args.ns, 1);
	execv(argv[0], argv);
	(void)!write(READY_FD, (const char[]){ NOT_STARTED }, 1);
	_exit(127);
}

static void ready(struct source *src, uint32_t events _unused_);

int logger_start(struct proc *p, const char *uri, char **why)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, told[2] = { -1, -1 };
	_strv_ struct strv argv = { 0 };

	split_uri(uri, &argv);
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 || pipe2(told, O_CLOEXEC) < 0 ||
	    (p->logger_pid = fork()) < 0) {
		*why = xasprintf("start logger '%s': %s", argv.v[0], strerror(errno));
		for (int i = 0; i < 2; i++) {
			close_fd(&out[i]);
			close_fd(&err[i]);
			close_fd(&told[i]);
		}
		return -1;
	}
	if (p->logger_pid == 0)
		become_logger(p, argv.v, (const int[]){ out[0], err[0], told[1] });
	close(out[0]);
	close(err[0]);
	close(told[1]);
	if (p->terminal) {
		close(err[1]);
		p->tty_out = out[1];
		(void)!fcntl(out[1], F_SETFL, O_NONBLOCK);
	} else {
		p->io.fd[1] = out[1];
		p->io.fd[2] = err[1];
	}
	p->logger_ready = (struct source){ .fd = told[0], .ready = ready };
	return 0;
}

static void decide(struct proc *p, const char *why)
{
	struct loop *l = &p->task->server->loop;

	loop_close(l, &p->logger_ready);
	loop_alarm(l, &p->logger_late, -1);
	p->logger_next(p, why);
}

/* A byte, or that it has closed its end. */
static void ready(struct source *src, uint32_t events _unused_)
{
	struct proc *p = container_of(src, struct proc, logger_ready);
	char byte = 0;
	bool failed = read(src->fd, &byte, 1) == 1 && byte == NOT_STARTED;

	decide(p, failed ? "the logger cannot be started" : NULL);
}

static void late(struct alarm *a)
{
	decide(container_of(a, struct proc, logger_late), "the logger does not get ready");
}

void logger_await(struct proc *p, void (*next)(struct proc *p, const char *why))
{
	struct loop *l = &p->task->server->loop;

	if (p->logger_ready.fd < 0) {
		next(p, NULL);
		return;
	}
	p->logger_next = next;
	p->logger_late.ring = late;
	loop_alarm(l, &p->logger_late, READY_MS);
	loop_watch(l, &p->logger_ready, EPOLLIN);
}

/* One that has no more to read, until it has ended. */
struct ending {
	struct alarm late;
	struct server *server;
	pid_t pid;
	bool asked;
	struct ending *next;
};

static void kill_late(struct alarm *a)
{
	struct ending *e = container_of(a, struct ending, late);

	kill(e->pid, e->asked ? SIGKILL : SIGTERM);
	if (!e->asked)
		loop_alarm(&e->server->loop, a, KILL_MS);
	e->asked = true;
}

void logger_stop(struct proc *p)
{
	struct server *s = p->task->server;
	struct ending *e;

	loop_close(&s->loop, &p->logger_ready);
	loop_forget(&s->loop, &p->logger_late);
	if (p->logger_pid <= 0)
		return;
	e = xcalloc(1, sizeof(*e));
	*e = (struct ending){ .late.ring = kill_late, .server = s, .pid = p->logger_pid };
	e->next = s->endings;
	s->endings = e;
	p->logger_pid = 0;
	loop_alarm(&s->loop, &e->late, ASK_MS);
}

static bool ending_reaped(struct server *s, pid_t pid)
{
	for (struct ending **at = &s->endings; *at; at = &(*at)->next) {
		struct ending *e = *at;

		if (e->pid != pid)
			continue;
		*at = e->next;
		loop_forget(&s->loop, &e->late);
		free(e);
		return true;
	}
	return false;
}

static bool forget(struct proc *p, pid_t pid)
{
	if (p->logger_pid != pid)
		return false;
	p->logger_pid = 0;
	return true;
}

bool logger_reaped(struct server *s, pid_t pid)
{
	for (struct task *t = s->tasks; t; t = t->next) {
		if (forget(&t->init, pid))
			return true;
		for (struct proc *p = t->execs; p; p = p->next)
			if (forget(p, pid))
				return true;
	}
	return ending_reaped(s, pid);
}
