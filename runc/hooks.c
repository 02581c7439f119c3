#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/proc.h"
#include "lib/str.h"
#include "runc/annotations.h"
#include "runc/runc.h"

enum { OUTPUT_MAX = 4096 };

/* Where output goes instead of into the message; NULL: nowhere. */
static struct {
	const char *out, *err;
} files;

void hooks_log(const struct decode_map *annotations)
{
	files.out = decode_map_get(annotations, ANNOTATION_HOOKS_STDOUT);
	files.err = decode_map_get(annotations, ANNOTATION_HOOKS_STDERR);
}

/* OUTFD where no file was named. */
static int open_file(const char *path, int outfd)
{
	if (!path || !*path)
		return outfd;
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* The state as a file, so that a hook that never reads it cannot block us. */
static int state_file(const char *state)
{
	_close_ int fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0 || io_puts(fd, state) || lseek(fd, 0, SEEK_SET))
		return -1;
	return steal_fd(&fd);
}

_noreturn_ static void exec_hook(const struct spec_hook *h, int statefd, int outfd,
				 char *const *env, bool log)
{
	char *bare[] = { h->path, NULL };
	int out = open_file(log ? files.out : NULL, outfd);
	int err = open_file(log ? files.err : NULL, outfd);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || fd_install(statefd, STDIN_FILENO) ||
	    fd_install(out, STDOUT_FILENO) || fd_install(err, STDERR_FILENO) || fd_close_from(3))
		_exit(126);
	proc_reset_signals();
	execve(h->path, h->args && *h->args ? h->args : bare, h->env ? h->env : (char **)env);
	dprintf(STDERR_FILENO, "exec: %s", strerror(errno));
	_exit(127);
}

static int left_ms(const struct timespec *until)
{
	struct timespec now;
	int64_t ms;

	if (!until->tv_sec)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (until->tv_sec - now.tv_sec) * 1000 + (until->tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)(ms < INT32_MAX ? ms : INT32_MAX) : 0;
}

/* At most MOST bytes of what the hook says; how many it were, 0 or less at the end. */
static ssize_t take(int outfd, size_t most, struct buf *output)
{
	char block[512];
	ssize_t got = read(outfd, block, most < sizeof(block) ? most : sizeof(block));

	if (got > 0 && output->len < OUTPUT_MAX)
		buf_add(output, block, (size_t)got);
	return got;
}

/* What the hook said before it ended, and no more: a child of its own may never be done. */
static void take_rest(int outfd, struct buf *output)
{
	int left = 0;
	ssize_t got;

	if (ioctl(outfd, FIONREAD, &left))
		return;
	for (; left > 0 && (got = take(outfd, (size_t)left, output)) > 0; left -= (int)got)
		;
}

/* Collect what the hook says until it ends; its own children may keep the pipe open. 0, or -1 at
 * the time limit. */
static int watch(int pidfd, int outfd, int64_t timeout_s, struct buf *output)
{
	struct pollfd p[] = { { .fd = pidfd, .events = POLLIN },
			      { .fd = outfd, .events = POLLIN } };
	struct timespec until = { 0 };

	if (timeout_s) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += timeout_s < INT32_MAX ? timeout_s : INT32_MAX;
	}
	for (;;) {
		int n = poll(p, 2, left_ms(&until));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		if (p[0].revents) {
			take_rest(outfd, output);
			return 0;
		}
		if (p[1].revents && take(outfd, SIZE_MAX, output) <= 0)
			p[1].fd = -1;
	}
}

/* 0, or -1 with WHY: how it went wrong. */
static int run_hook(const struct spec_hook *h, const char *state, char *const *env, bool log,
		    struct buf *why)
{
	_close_ int statefd = state_file(state);
	_buf_ struct buf output = { 0 };
	int pipefd[2];
	pid_t pid;

	if (statefd < 0 || pipe2(pipefd, O_CLOEXEC)) {
		buf_adds(why, strerror(errno));
		return -1;
	}
	pid = xfork();
	if (!pid)
		exec_hook(h, statefd, pipefd[1], env, log);
	close(pipefd[1]);

	_close_ int outfd = pipefd[0];
	_close_ int pidfd = proc_pidfd_open(pid);
	int late = pidfd < 0 ? -1 : watch(pidfd, outfd, h->timeout, &output);
	int code;

	if (late)
		kill(pid, SIGKILL);
	code = proc_wait(pid);
	if (!late && !code)
		return 0;
	if (late)
		buf_addf(why, "killed after %lld s", (long long)h->timeout);
	else
		buf_addf(why, code > 128 ? "signal: %d" : "exit status %d",
			 code > 128 ? code - 128 : code);
	buf_addf(why, ", stdout: , stderr: %s", buf_str(&output));
	return -1;
}

int hooks_run(const char *kind, const struct spec_hook_list *list, const char *state_json,
	      char *const *env, struct buf *why)
{
	bool log = !str_eq(kind, "startContainer");

	for (size_t i = 0; i < list->n; i++) {
		_buf_ struct buf reason = { 0 };

		if (!run_hook(&list->v[i], state_json, env ? env : environ, log, &reason))
			continue;
		buf_addf(why, "error running %s hook #%zu ('%s'): %s", kind, i, list->v[i].path,
			 buf_str(&reason));
		return -1;
	}
	return 0;
}

void hooks_run_poststop(const struct container *c, const struct spec *spec)
{
	_buf_ struct buf state = { 0 }, why = { 0 };

	if (!spec->hooks || !spec->hooks->poststop.n)
		return;
	hooks_log(&c->annotations);
	container_emit(c, STATUS_STOPPED, false, 0, &state);
	for (size_t i = 0; i < spec->hooks->poststop.n; i++) {
		struct spec_hook_list one = { &spec->hooks->poststop.v[i], 1 };

		if (hooks_run("poststop", &one, buf_str(&state), NULL, &why))
			warnx("%s", buf_str(&why));
		buf_reset(&why);
	}
}
