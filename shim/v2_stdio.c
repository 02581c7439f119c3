/* v2_stdio.c - what a process's stdin, stdout and stderr are: pipes or a terminal towards it,
 * fifos, files or a logger towards containerd.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "shim/v2.h"
#include "shim/v2_stdio.h"

static int fail(char **why, const char *what, const char *uri)
{
	*why = xasprintf("%s '%s': %s", what, uri, strerror(errno));
	return -1;
}

static int open_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	_free_ char *dir = slash ? xmemdup0(path, (size_t)(slash - path)) : NULL;

	if (dir && *dir && path_mkdirs(dir, 0755) < 0)
		return -1;
	/* A fifo that nobody reads is refused, not waited for: others are served meanwhile. */
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0644);
}

/* A fifo is held from both sides: nobody gets an end or a broken pipe while nobody else is there.
 */
static int open_fifo(const char *path)
{
	return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static bool is_fifo(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Where output goes; -1 with *WHY. *IS_FILE: it takes everything at once. */
static int open_output(const char *uri, bool *is_file, char **why)
{
	const char *file = str_after(uri, "file://"), *fifo = str_after(uri, "fifo://");
	_free_ char *path = uri_unescape(file ? file : fifo ? fifo : uri);
	int fd;

	if (!file && !fifo && strstr(uri, "://")) {
		*why = xasprintf("unknown kind of stdio '%s'", uri);
		return -1;
	}
	fd = file ? open_file(path) : open_fifo(path);
	if (fd < 0)
		return fail(why, "open", uri);
	*is_file = !is_fifo(fd);
	return fd;
}

/* A pipe with our end not blocking. */
static int make_pipe(struct proc *p, int *ours, int *theirs, bool we_read)
{
	const struct runc_options *o = &p->task->options;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*ours = ends[we_read ? 0 : 1];
	*theirs = ends[we_read ? 1 : 0];
	if ((o->io_uid || o->io_gid) && fchown(*theirs, o->io_uid, o->io_gid) < 0)
		return -1;
	return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static int begin_output(struct proc *p, const char *uri, int number, char **why)
{
	struct pump **at = number == 1 ? &p->pumps.out : &p->pumps.err;
	bool is_file = false;
	_close_ int to = -1, from = -1;

	if (!*uri)
		return 0;
	to = open_output(uri, &is_file, why);
	if (to < 0)
		return -1;
	if (make_pipe(p, &from, &p->io.fd[number], true) < 0)
		return fail(why, "make a pipe for", uri);
	*at = pump_new(p, steal_fd(&from), steal_fd(&to));
	(*at)->is_file = is_file;
	pump_start(*at);
	return 0;
}

static int begin_input(struct proc *p, char **why)
{
	const char *fifo = str_after(p->stdin, "fifo://");
	_free_ char *path = uri_unescape(fifo ? fifo : p->stdin);
	_close_ int from = -1, to = -1;

	if (!*path)
		return 0;
	from = open_fifo(path);
	if (from < 0)
		return fail(why, "open", p->stdin);
	if (make_pipe(p, &to, &p->io.fd[0], false) < 0)
		return fail(why, "make a pipe for", p->stdin);
	p->pumps.in = pump_new(p, steal_fd(&from), steal_fd(&to));
	p->pumps.in->is_input = true;
	pump_start(p->pumps.in);
	return 0;
}

/* The same device twice, as epoll knows a descriptor once. */
static void adopt_console(struct console *c, int masterfd)
{
	struct proc *p = container_of(c, struct proc, console);
	int again = fcntl(masterfd, F_DUPFD_CLOEXEC, 3);

	if (p->tty_out < 0 || fcntl(masterfd, F_SETFL, O_RDWR | O_NONBLOCK) < 0) {
		close(masterfd);
		close_fd(&again);
		return;
	}
	p->pumps.out = pump_new(p, masterfd, p->tty_out);
	p->pumps.out->is_file = !is_fifo(p->tty_out);
	p->tty_out = -1;
	pump_start(p->pumps.out);
	if (p->tty_in < 0 || again < 0) {
		close_fd(&again);
		return;
	}
	p->pumps.in = pump_new(p, steal_fd(&p->tty_in), again);
	p->pumps.in->is_input = true;
	pump_start(p->pumps.in);
}

/* Only stdin and stdout: a terminal has no other way out. */
static int begin_terminal(struct proc *p, char **why)
{
	bool is_file;

	if (p->tty_out < 0)
		p->tty_out = *p->stdout ? open_output(p->stdout, &is_file, why)
					: open("/dev/null", O_RDWR | O_CLOEXEC);
	if (p->tty_out < 0)
		return -1;
	p->tty_in = *p->stdin ? open_fifo(p->stdin) : -1;
	if (*p->stdin && p->tty_in < 0)
		return fail(why, "open", p->stdin);
	p->console.adopt = adopt_console;
	if (console_listen(&p->console, &p->task->server->loop, p->task->bundlefd,
			   p->console_name) < 0)
		return fail(why, "make the console socket", p->console_name);
	return 0;
}

static int begin(struct proc *p, char **why)
{
	const char *logger = str_after(p->stdout, "binary://");

	if (logger && logger_start(p, logger, why) < 0)
		return -1;
	if (p->terminal)
		return begin_terminal(p, why);
	if (begin_input(p, why) < 0)
		return -1;
	if (logger)
		return 0;
	if (begin_output(p, p->stdout, 1, why) < 0)
		return -1;
	return begin_output(p, p->stderr, 2, why);
}

int stdio_open(struct proc *p, char **why)
{
	p->io = (struct stdio){ { -1, -1, -1 } };
	if (begin(p, why) < 0) {
		stdio_let_go(p);
		pumps_release(p);
		logger_stop(p);
		console_close(&p->console);
		return -1;
	}
	if (p->input_ended)
		stdio_end_input(p);
	return 0;
}

void stdio_let_go(struct proc *p)
{
	for (int i = 0; i < 3; i++) {
		close_fd(&p->io.fd[i]);
		p->io.fd[i] = -1;
	}
}

void stdio_end_input(struct proc *p)
{
	struct pump *u = p->pumps.in;
	char link[FD_LINK_MAX];
	int fd;

	p->input_ended = true;
	if (!u || u->is_console)
		return;
	/* As a reader only: what is in the fifo comes, then what its writers still write, then an
	 * end. */
	fd = open(fd_link(u->from.fd, link), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	loop_close(&u->server->loop, &u->from);
	u->from.fd = fd;
	pump_start(u);
}
