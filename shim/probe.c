/* probe.c - one probe: a command, its output, its time. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "lib/fd.h"
#include "lib/io.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/spawn.h"
#include "shim/health.h"

/* A pipe holds so many pieces of 4 KiB. */
enum { READS_MAX = 16 };

static int64_t ms_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000LL + (now.tv_nsec - then->tv_nsec) / 1000000;
}

/* Read what there is; beyond what is kept it is thrown away. Returns as read does. */
static ssize_t take_output(struct probe *p, int fd)
{
	char rest[4096];
	size_t room = p->max - p->len;
	ssize_t n = read(fd, room ? p->output + p->len : rest, room ? room : sizeof(rest));

	if (n > 0 && room)
		p->len += (size_t)n;
	return n;
}

/* What was written before the end. Whoever was left behind may go on writing for ever. */
static void take_rest(struct probe *p, int fd)
{
	for (int i = 0; i < READS_MAX && take_output(p, fd) > 0; i++)
		;
}

static void kill_named(int dirfd, const char *pid_file)
{
	_free_ char *line = file_read_line(dirfd, pid_file);
	int pid;

	if (line && num_int(line, 2, INT32_MAX, &pid) == 0)
		kill(pid, SIGKILL);
}

/* Until it has ended; true if that was in time. What it left behind may hold the pipe for ever. */
static bool await_end(struct probe *p, int out, int pidfd, int timeout_ms)
{
	struct pollfd fds[2] = { { out, POLLIN, 0 }, { pidfd, POLLIN, 0 } };
	struct timespec began;
	int64_t left;

	clock_gettime(CLOCK_MONOTONIC, &began);
	while ((left = timeout_ms - ms_since(&began)) > 0) {
		if (poll(fds, 2, left > INT32_MAX ? INT32_MAX : (int)left) < 0 && errno != EINTR)
			return false;
		if (fds[1].revents & POLLIN) {
			take_rest(p, out);
			return true;
		}
		if (fds[0].revents && take_output(p, out) == 0)
			fds[0].fd = -1;
	}
	return false;
}

void probe_run(struct probe *p, char **argv, int timeout_ms, int dirfd, const char *pid_file)
{
	_close_ int pidfd = -1, ours = -1;
	int ends[2];
	pid_t pid;

	p->code = PROBE_TIMED_OUT;
	p->len = 0;
	clock_gettime(CLOCK_REALTIME, &p->start);
	unlinkat(dirfd, pid_file, 0);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
		ours = ends[0];
		(void)!fcntl(ends[1], F_SETFL, 0);
		pid = spawn(argv, (const int[]){ -1, ends[1], ends[1] });
		close(ends[1]);
		pidfd = pid > 0 ? proc_pidfd_open(pid) : -1;
		if (pidfd >= 0 && await_end(p, ours, pidfd, timeout_ms)) {
			p->code = proc_wait(pid);
		} else if (pid > 0) {
			kill_named(dirfd, pid_file);
			kill(pid, SIGKILL);
			proc_wait(pid);
		}
	}
	unlinkat(dirfd, pid_file, 0);
	clock_gettime(CLOCK_REALTIME, &p->end);
}
