/* Programs that go on running when we have ended: who they are is on disk before they are anybody.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "netns/netns.h"

pid_t helper_fork(int *gate)
{
	char byte;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		die("make a pipe");
	pid = xfork();
	if (pid) {
		close(ends[0]);
		*gate = ends[1];
		return pid;
	}
	close(ends[1]);
	if (io_read(ends[0], &byte, 1) != 1)
		_exit(126);
	return 0;
}

/* Until it is another program, or gone, it has our locks. Its end of the pipe closes then. */
void helper_go(int gate)
{
	struct pollfd started = { gate, 0, 0 };

	if (io_write(gate, "", 1))
		die("start a helper");
	while (poll(&started, 1, -1) < 0 && errno == EINTR)
		;
	close(gate);
}

int helper_record(int dirfd, const char *name, pid_t pid)
{
	struct proc_stat st;
	char line[64];

	if (proc_read_stat(pid, &st))
		return -1;
	snprintf(line, sizeof(line), "%d %llu", pid, (unsigned long long)st.start_ticks);
	return file_put_line(dirfd, name, line);
}

void helper_become(int dirfd, const char *log_name, char *const argv[], int pass)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), log = null;

	if (log_name)
		log = openat(dirfd, log_name,
			     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
			     0600);
	if (fd_cloexec_from(3) || null < 0 || log < 0 || fd_install(null, 0) ||
	    fd_install(log, 1) || fd_install(log, 2) || setsid() < 0)
		_exit(126);
	if (pass >= 0 && fd_set_cloexec(pass, false))
		_exit(126);
	proc_reset_signals();
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(127);
}

/* Not to know is not to be dead: a second one would be started, or the first forgotten. */
int helper_find(int dirfd, const char *name, pid_t *pid_out)
{
	_free_ char *line = file_read_line_regular(dirfd, name);
	char *rest = line ? strchr(line, ' ') : NULL;
	uint64_t pid, start;
	int pidfd;

	if (!line && !state_is_absent())
		die("read '%s'", name);
	if (!rest)
		return -1;
	*rest++ = '\0';
	if (num_u64(line, INT32_MAX, &pid) || num_u64(rest, UINT64_MAX, &start))
		return -1;
	if (pid_out)
		*pid_out = pid;
	pidfd = proc_open(pid, start);
	if (pidfd < 0 && errno != ESRCH)
		die("look for process '%d' of '%s'", (int)pid, name);
	return pidfd;
}
