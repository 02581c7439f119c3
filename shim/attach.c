/* shim attach - connect this terminal, or stdin and stdout, to a container. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "lib/sock.h"
#include "lib/spawn.h"
#include "lib/tty.h"
#include "shim/detach.h"
#include "shim/place.h"
#include "shim/verbs.h"

enum { PACKET_MAX = 8193, INPUT_MAX = 8192, STREAM_STDOUT = 2, STREAM_STDERR = 3 };

static const char *dir, *tail, *keys = "ctrl-p,ctrl-q";
static bool no_stdin, no_sig_proxy;

static const struct opt opts[] = {
	{ 0, "dir", OPT_STR, &dir, "DIR",
	  "the container's directory (default: $LASH_RUN/shim/ID)" },
	{ 0, "no-stdin", OPT_FLAG, &no_stdin, NULL, "only look" },
	{ 0, "no-sig-proxy", OPT_FLAG, &no_sig_proxy, NULL,
	  "do not hand signals on to the container" },
	{ 'n', "tail", OPT_STR, &tail, "N", "begin with the last N records of its log, or all" },
	{ 0, "detach-keys", OPT_STR, &keys, "KEYS", "leave by these (default: ctrl-p,ctrl-q)" },
	{ 0 },
};

struct session {
	const char *id;
	int dirfd, sock, signals;
	bool tty, proxy, input_open, left;
	struct termios saved;
	struct detach detach;
	char pending[INPUT_MAX + DETACH_KEYS_MAX]; /* input the shim does not take yet */
	size_t n_pending;
	pid_t command;
	int status; /* once left, or when the command failed */
};

/* What an attached client hands on; the rest is its own business. */
static const int proxied[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2 };
static const int kept[] = { SIGCHLD, SIGWINCH };
enum { N_ENDING = 4 }; /* so many of them end us when they are not handed on */

static struct termios *to_restore;

static void restore_terminal(void)
{
	if (to_restore)
		(void)!tty_restore(STDIN_FILENO, to_restore);
	to_restore = NULL;
}

static void connect_socket(struct session *s)
{
	char path[FD_LINK_MAX + 32], link[FD_LINK_MAX];

	snprintf(path, sizeof(path), "%s/%s", fd_link(s->dirfd, link), PLACE_ATTACH);
	s->sock = sock_connect(path, SOCK_SEQPACKET);
	if (s->sock < 0)
		die("attach to '%s'", s->id);
}

static void take_signals(struct session *s)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		sigaddset(&set, kept[i]);
	for (size_t i = 0; i < (s->proxy ? ARRAY_LEN(proxied) : N_ENDING); i++)
		sigaddset(&set, proxied[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		die("watch signals");
}

static void send_size(const struct session *s)
{
	struct winsize ws;
	char line[48];

	if (tty_get_size(STDOUT_FILENO, &ws) < 0)
		return;
	snprintf(line, sizeof(line), "resize %u %u\n", ws.ws_row, ws.ws_col);
	(void)!place_control(s->dirfd, line);
}

/* RUNTIME [ARG]... kill ID SIGNAL, as the container was made. */
static void send_signal(const struct session *s, int sig)
{
	_strv_ struct strv argv = { 0 };
	pid_t pid;

	if (place_lines(s->dirfd, PLACE_RUNTIME, &argv) < 0)
		return;
	strv_add(&argv, "kill");
	strv_add(&argv, s->id);
	strv_take(&argv, xasprintf("%d", sig));
	pid = spawn(argv.v, (const int[]){ 0, 1, 2 });
	if (pid > 0)
		proc_wait(pid);
}

static void start_command(struct session *s, char **argv)
{
	int null;

	if (!*argv)
		return;
	s->command = xfork();
	if (s->command > 0)
		return;
	/* Other than for our own helpers, descriptors above 2 are its caller's. */
	proc_reset_signals();
	null = open("/dev/null", O_RDONLY);
	if (null < 0 || fd_install(null, STDIN_FILENO) < 0)
		die("open '/dev/null'");
	xexec(argv);
}

static void reap_command(struct session *s)
{
	int status;

	if (s->command > 0 && waitpid(s->command, &status, WNOHANG) == s->command) {
		s->command = 0;
		s->status = proc_exit_code(status);
	}
}

static void leave(struct session *s, int status)
{
	s->left = true;
	s->status = status;
}

static void on_signal(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		int sig = (int)info.ssi_signo;

		if (sig == SIGCHLD)
			reap_command(s);
		else if (sig == SIGWINCH && s->tty)
			send_size(s);
		else if (sig == SIGWINCH)
			continue;
		else if (s->proxy)
			send_signal(s, sig);
		else
			leave(s, 128 + sig);
	}
}

/* The container's output. Returns false when the other side has closed. */
static bool on_output(struct session *s)
{
	char packet[PACKET_MAX];
	ssize_t n = recv(s->sock, packet, sizeof(packet), 0);
	int fd = n > 0 && packet[0] == STREAM_STDERR ? STDERR_FILENO : STDOUT_FILENO;

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	if (io_write(fd, packet + 1, (size_t)n - 1) < 0)
		die("write output of '%s'", s->id);
	return true;
}

static void end_input(struct session *s)
{
	shutdown(s->sock, SHUT_WR);
	s->input_open = false;
}

/* Without waiting: a container that does not read its stdin goes on writing, and output that is not
 * taken gets us dropped. A packet goes whole or not at all. */
static void send_pending(struct session *s)
{
	ssize_t n;

	if (!s->n_pending)
		return;
	n = send(s->sock, s->pending, s->n_pending, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	s->n_pending = 0;
	if (n < 0)
		s->input_open = false; /* on_output learns why */
}

static void on_input(struct session *s)
{
	char in[INPUT_MAX];
	ssize_t n = read(STDIN_FILENO, in, sizeof(in));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		end_input(s);
		return;
	}
	s->n_pending = detach_filter(&s->detach, in, (size_t)n, s->pending, &s->left);
	send_pending(s);
}

/* Copy until the container ends, the user leaves, or the command that was to start it fails. */
static void copy(struct session *s)
{
	struct pollfd p[] = { { s->sock, POLLIN, 0 },
			      { s->signals, POLLIN, 0 },
			      { STDIN_FILENO, POLLIN, 0 } };

	while (!s->left && !s->status) {
		p[0].events = s->n_pending ? POLLIN | POLLOUT : POLLIN;
		p[2].fd = s->input_open && !s->n_pending ? STDIN_FILENO : -1;
		if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			die("poll");
		if (p[1].revents)
			on_signal(s);
		if (p[2].revents)
			on_input(s);
		if (p[0].revents & POLLOUT)
			send_pending(s);
		if (p[0].revents & ~POLLOUT && !on_output(s))
			return;
	}
}

/* The socket has closed: the container has ended, or we were too slow for it. */
static int end_of(struct session *s)
{
	char path[FD_LINK_MAX + 32], link[FD_LINK_MAX];
	_close_ int again = -1;
	int code;

	snprintf(path, sizeof(path), "%s/%s", fd_link(s->dirfd, link), PLACE_ATTACH);
	again = sock_connect(path, SOCK_SEQPACKET);
	if (again >= 0)
		diex("attach to '%s': output was not taken for too long, dropped", s->id);
	code = place_wait(s->dirfd);
	if (code < 0)
		diex("attach to '%s': its shim was killed, the exit code is not known", s->id);
	return code & 255;
}

/* What it wrote before we came. We are connected by now, so nothing is missed; what is written just
 * now may be seen twice. */
static void replay(const struct session *s)
{
	_strv_ struct strv argv = { 0 };
	pid_t pid;
	int rc;

	if (!tail)
		return;
	strv_add(&argv, "shim");
	strv_add(&argv, "logs");
	strv_add(&argv, "--tail");
	strv_add(&argv, tail);
	if (dir) {
		strv_add(&argv, "--dir");
		strv_add(&argv, dir);
	}
	strv_add(&argv, s->id);
	pid = xfork();
	if (pid == 0) {
		proc_reset_signals();
		execv("/proc/self/exe", argv.v);
		_exit(127);
	}
	rc = proc_wait(pid);
	if (rc)
		exit(rc);
}

static void make_raw(struct session *s)
{
	/* With a terminal on one side only, ours still has lines to edit. */
	if (!s->tty || !isatty(STDIN_FILENO) || !s->input_open) {
		s->detach.n = 0;
		return;
	}
	if (tty_raw(STDIN_FILENO, &s->saved) < 0)
		die("set up the terminal");
	to_restore = &s->saved;
	die_cleanup(restore_terminal);
}

int shim_attach(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... ID [-- COMMAND [ARG]...]",
				 "Connect this terminal, or stdin and stdout, to a container.",
				 opts, .flags = OPT_STOP };
	struct session s = { 0 };
	int at = opt_parse(argc, argv, &u), code;

	if (at >= argc)
		opt_misuse("need a container");
	if (detach_parse(&s.detach, keys) < 0)
		opt_misuse("bad detach keys '%s'", keys);
	s.id = argv[at++];
	if (at < argc && str_eq(argv[at], "--"))
		at++;
	s.dirfd = place_xopen(dir, s.id);
	s.input_open = !no_stdin;
	s.tty = !faccessat(s.dirfd, PLACE_TTY, F_OK, 0);
	s.proxy = !no_sig_proxy && !s.tty;
	connect_socket(&s);
	replay(&s);
	take_signals(&s);
	if (s.tty)
		send_size(&s);
	make_raw(&s);
	start_command(&s, argv + at);
	copy(&s);
	code = s.left || s.status ? s.status : end_of(&s);
	restore_terminal();
	return code;
}
