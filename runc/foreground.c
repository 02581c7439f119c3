#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/proc.h"
#include "lib/sock.h"
#include "lib/tty.h"
#include "runc/foreground.h"
#include "runc/notify.h"

struct foreground {
	pid_t pid;
	int pidfd, signalfd, masterfd;
	bool ended;
	int wstatus;
	bool raw;
	struct termios saved;
};

void foreground_begin(bool subreaper)
{
	sigset_t all;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL))
		die("block signals");
	if (subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1))
		die("become a subreaper");
}

static void take_terminal(struct foreground *f, int sockfd)
{
	char name[4096];
	size_t n = 1;

	if (sockfd < 0)
		return;
	if (sock_recv_fds(sockfd, name, sizeof(name), &f->masterfd, &n) <= 0 || n != 1)
		diex("receive the container's terminal");
	if (!isatty(STDIN_FILENO))
		return;
	/* The master starts with our size; a process that asks too early sees 0x0 as on any new
	 * terminal. */
	if (!tty_raw(STDIN_FILENO, &f->saved))
		f->raw = true;
	if (tty_copy_size(STDIN_FILENO, f->masterfd))
		warn("set the size of the container's terminal");
}

static void reap(struct foreground *f)
{
	int status;
	pid_t pid = 0;

	/* Once it has ended, so do we. */
	while (!f->ended && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != f->pid)
			continue;
		f->ended = true;
		f->wstatus = status;
	}
	/* No signal would come any more. */
	if (pid < 0 && !f->ended)
		die("wait for the container's process");
}

static void take_signal(struct foreground *f)
{
	struct signalfd_siginfo si;

	if (read(f->signalfd, &si, sizeof(si)) != sizeof(si))
		return;
	switch (si.ssi_signo) {
	case SIGCHLD:
		reap(f);
		break;
	case SIGWINCH:
		if (f->masterfd >= 0 && tty_copy_size(STDIN_FILENO, f->masterfd))
			debug("resize the container's terminal");
		break;
	case SIGPIPE:
	case SIGURG:
		break;
	default:
		/* ESRCH: it has just ended. */
		if (proc_pidfd_signal(f->pidfd, (int)si.ssi_signo) && errno != ESRCH)
			warn("pass on signal %u", si.ssi_signo);
	}
}

/* One block from IN to OUT; false at the end (EIO is a terminal's). */
static bool copy_block(int in, int out)
{
	char block[32768];
	ssize_t n = read(in, block, sizeof(block));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	return n && !io_write(out, block, (size_t)n);
}

static void drain(const struct foreground *f)
{
	struct pollfd p = { .fd = f->masterfd, .events = POLLIN };

	while (f->masterfd >= 0 && poll(&p, 1, 0) > 0 && p.revents & POLLIN &&
	       copy_block(f->masterfd, STDOUT_FILENO))
		continue;
}

int foreground_wait(pid_t pid, int pidfd, int sockfd, int notifyfd)
{
	struct foreground f = { .pid = pid, .pidfd = pidfd, .masterfd = -1 };
	sigset_t all;

	sigfillset(&all);
	f.signalfd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f.signalfd < 0)
		die("make a signalfd");
	take_terminal(&f, sockfd);

	struct pollfd p[] = {
		{ .fd = f.signalfd, .events = POLLIN },
		{ .fd = f.masterfd, .events = POLLIN },
		{ .fd = f.masterfd >= 0 ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = notifyfd, .events = POLLIN },
	};

	/* It may have ended before the signal could be told apart. */
	reap(&f);
	while (!f.ended) {
		if (poll(p, ARRAY_LEN(p), -1) < 0)
			continue;
		if (p[0].revents)
			take_signal(&f);
		if (p[1].revents && !copy_block(f.masterfd, STDOUT_FILENO))
			p[1].fd = -1;
		if (p[2].revents && !copy_block(STDIN_FILENO, f.masterfd))
			p[2].fd = -1;
		if (p[3].revents && notify_take(notifyfd, pid))
			p[3].fd = -1;
	}
	drain(&f);
	if (f.raw && tty_restore(STDIN_FILENO, &f.saved))
		warn("restore the terminal");
	close_fd(&f.masterfd);
	close_fd(&f.signalfd);
	return f.wstatus;
}
