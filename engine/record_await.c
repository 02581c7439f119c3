/* record await, attend - wait for a run and its clean-up to be over. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <time.h>

#include "engine/record.h"
#include "engine/store.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/proc.h"

enum { MAKING_MS = 20 };

/* A pidfd of the shim, or -1 when there is none any more. Its name keeps a recycled number out. */
static int open_shim(const char *id)
{
	_free_ char *place = store_shim_path(id), *pid_text = NULL, *comm = NULL, *proc = NULL;
	_close_ int dirfd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1,
		    proc_dirfd = -1;
	int pid;

	if (dirfd < 0)
		return -1;
	pid_text = file_read_line(dirfd, "shim-pid");
	if (!pid_text || num_int(pid_text, 1, INT32_MAX, &pid))
		return -1;
	fd = proc_pidfd_open(pid);
	proc = xasprintf("/proc/%d", pid);
	proc_dirfd = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	comm = proc_dirfd < 0 ? NULL : file_read_line(proc_dirfd, "comm");
	return fd >= 0 && comm && str_eq(comm, "shim") ? steal_fd(&fd) : -1;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A shim that is still making its container has no number on record yet, but holds its directory's
 * lock. */
static bool is_being_made(const char *id)
{
	_free_ char *place = store_shim_path(id);
	_close_ int dirfd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dirfd >= 0 && faccessat(dirfd, "shim-pid", F_OK, 0) &&
	       flock(dirfd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

static int left_ms(int64_t end_ms)
{
	int64_t left = end_ms - now_ms();

	return end_ms < 0 ? -1 : left > 0 ? (int)left : 0;
}

/* False when SECONDS (-1: no limit) were not enough. */
static bool await_shim(const char *id, int seconds)
{
	int64_t end_ms = seconds < 0 ? -1 : now_ms() + (int64_t)seconds * 1000;
	struct pollfd p = { .events = POLLIN };
	_close_ int fd = -1;
	int n;

	while (is_being_made(id)) {
		if (!left_ms(end_ms))
			return false;
		poll(NULL, 0, MAKING_MS);
	}
	fd = open_shim(id);
	if (fd < 0)
		return true;
	p.fd = fd;
	do
		n = poll(&p, 1, left_ms(end_ms));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die("wait for container '%s'", id);
	return n > 0;
}

static const char *timeout_text;

int record_await(int argc, char **argv)
{
	static const struct opt opts[] = { { 't', "timeout", OPT_STR, &timeout_text, "SECONDS",
					     "give up after so long, with status 1" },
					   { 0 } };
	const struct usage u = { "[-t SECONDS] ID", "Wait until a run and its clean-up are over.",
				 opts, 0, NULL };
	int at = opt_parse(argc, argv, &u), seconds = -1;

	opt_operands(argc - at, 1, 1);
	if (timeout_text && num_int(timeout_text, -1, INT32_MAX / 1000, &seconds))
		opt_misuse("invalid timeout '%s'", timeout_text);
	return await_shim(argv[at], seconds) ? 0 : 1;
}

static pid_t child;

/* What a terminal sends reaches the child by itself; what somebody sent to us is meant for it. */
static void pass_on(int sig, siginfo_t *info, void *context _unused_)
{
	if (child > 0 && info->si_code <= 0)
		kill(child, sig);
}

static void pass_signals_on(void)
{
	static const int signals[] = {
		SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT
	};
	struct sigaction sa = { .sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART };

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &sa, NULL);
}

/* Blocked around the fork, so that none is lost between it and the child's number being known. */
static pid_t start(char **argv)
{
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	child = xfork();
	if (child == 0) {
		proc_reset_signals();
		xexec(argv);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return child;
}

static bool is_over(const char *id)
{
	_free_ char *place = store_shim_path(id);
	_close_ int dirfd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return dirfd < 0 || !faccessat(dirfd, "exit", F_OK, 0);
}

static struct strv otherwise;

/* COMMAND fails before the run is over when it could not start it, or was told to leave. */
_noreturn_ static void fail_over(const char *id, int rc)
{
	strv_add(&otherwise, id);
	strv_take(&otherwise, xasprintf("%d", rc));
	xexec(otherwise.v);
}

int record_attend(int argc, char **argv)
{
	static const struct opt opts[] = {
		{ 0, "else", OPT_STRV, &otherwise, "WORD",
		  "command for when COMMAND fails before the end; repeatable" },
		{ 0 }
	};
	const struct usage u = { "[--else WORD]... ID COMMAND [ARG]...",
				 "Run COMMAND and pass signals on to it, then wait as await does.",
				 opts, OPT_CHAIN, NULL };
	int at = opt_parse(argc, argv, &u), rc;

	opt_operands(argc - at, 2, -1);
	pass_signals_on();
	rc = proc_wait(start(argv + at + 1));
	if (is_over(argv[at]))
		(void)!await_shim(argv[at], -1);
	else if (rc && otherwise.n)
		fail_over(argv[at], rc);
	return rc;
}
