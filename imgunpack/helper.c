#include <fcntl.h>
#include <signal.h>

#include "imgunpack/helper.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/proc.h"

static _noreturn_ void child(char *const argv[], int in, int out, int keep_fd)
{
	proc_reset_signals();
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		die("run '%s'", argv[0]);
	if (keep_fd >= 0 && fcntl(keep_fd, F_SETFD, 0))
		die("run '%s'", argv[0]);
	xexec(argv);
}

int helper_run(char *const argv[], const struct buf *input, int keep_fd, size_t max,
	       struct buf *out)
{
	void (*pipe_handler)(int);
	int in[2], answer[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		die("pipe");
	pid = xfork();
	if (!pid)
		child(argv, in[0], answer[1], keep_fd);
	close(in[0]);
	close(answer[1]);
	/* One that reads nothing is no reason to die of SIGPIPE; its answer tells. */
	pipe_handler = signal(SIGPIPE, SIG_IGN);
	if (io_write(in[1], buf_str(input), input->len) && errno != EPIPE)
		die("write to '%s'", argv[0]);
	signal(SIGPIPE, pipe_handler);
	close(in[1]);
	if (io_read_all(answer[0], max, out))
		die("read from '%s'", argv[0]);
	close(answer[0]);
	return proc_wait(pid);
}
