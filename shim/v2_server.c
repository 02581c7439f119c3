/* v2_server.c - the process that stays: signals, its log, its beginning and its end. */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/mem.h"
#include "shim/v2.h"

enum { LINE_MAX_BYTES = 1024 };

static struct server server = { .logfd = -1, .signals = { .fd = -1 } };

/* What a log line is to containerd, which copies it into its own. A full fifo drops it: nobody
 * reads, and nothing may wait for that. */
static void log_line(const char *level, const char *msg)
{
	_buf_ struct buf line = { 0 };
	struct timespec now;
	struct tm tm;
	char when[32];

	if (server.logfd < 0 || (str_eq(level, "debug") && !server.args.debug))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_addf(&line, "time=\"%s\" level=%s msg=", when, level);
	emit_quoted(&line, msg, strlen(msg), false);
	buf_adds(&line, " runtime=io.containerd.lash.v2\n");
	(void)!write(server.logfd, line.data, line.len);
}

void server_warn(struct server *s _unused_, const char *fmt, ...)
{
	char msg[LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	log_line("warning", msg);
}

void server_leave_if_done(struct server *s)
{
	if (s->leaving && !s->tasks && !s->events.first)
		loop_stop(&s->loop);
}

/* Somebody may have made another in its place; as long as it is ours, and listens, nobody does. */
static void remove_socket(const struct server *s)
{
	struct stat st;

	if (stat(s->socket, &st) == 0 && st.st_dev == s->socket_dev && st.st_ino == s->socket_ino)
		unlink(s->socket);
}

void server_leave(struct server *s)
{
	s->leaving = true;
	if (s->listener.fd >= 0) {
		remove_socket(s);
		loop_close(&s->loop, &s->listener);
	}
	server_leave_if_done(s);
}

static void signals_ready(struct source *src, uint32_t events _unused_)
{
	struct server *s = container_of(src, struct server, signals);
	struct signalfd_siginfo info;

	while (read(src->fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGCHLD)
			exits_collect(s);
	/* TERM, INT and HUP say nothing to us: containers are ended by request only. */
}

static int watch_signals(struct server *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->signals.ready = signals_ready;
	s->signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->signals.fd < 0 ? -1 : loop_watch(&s->loop, &s->signals, EPOLLIN);
}

/* Both ends, and never waiting: containerd may not read it, and may come and go. */
static int open_log(const char *bundle)
{
	_free_ char *path = xasprintf("%s/log", bundle);

	return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

int server_run(const struct v2_args *args, int listenerfd, const char *socket)
{
	struct server *s = &server;
	struct stat st;

	s->args = *args;
	s->socket = xstrdup(socket);
	s->listener.fd = listenerfd;
	if (stat(socket, &st) == 0) {
		s->socket_dev = st.st_dev;
		s->socket_ino = st.st_ino;
	}
	s->logfd = open_log(args->bundle);
	die_to(log_line);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "containerd-shim");
	if (loop_open(&s->loop) < 0 || watch_signals(s) < 0)
		die("start the event loop");
	publisher_begin(s);
	if (conn_listen(s) < 0)
		die("listen");
	malloc_trim(0);
	if (loop_run(&s->loop) < 0)
		die("wait for events");
	return 0;
}
