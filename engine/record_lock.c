/* record lock, find, await - hold a container, name it, wait for it. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "engine/record.h"
#include "engine/store.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "lib/proc.h"

int record_find(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = { "NAME...", "Print the IDs that names mean.", opts, 0, NULL };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 1, -1);
	for (; at < argc; at++) {
		_free_ char *id = store_xfind(argv[at]);

		puts(id);
	}
	return fflush(stdout) ? 1 : 0;
}

/* The lock is an flock on the directory, held by us: the program must not be able to hand it on to
 * a daemon. */
int record_lock(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = { "CONTAINER COMMAND [ARG]...",
				 "Run COMMAND while the container is locked.", opts, OPT_CHAIN,
				 NULL };
	int at = opt_parse(argc, argv, &u);
	_close_ int containers_dirfd = -1, lock_fd = -1;
	_free_ char *id = NULL;
	pid_t pid;

	opt_operands(argc - at, 2, -1);
	die_status(1);
	id = store_xfind(argv[at]);
	containers_dirfd = store_open_containers();
	if (containers_dirfd < 0)
		die("open the containers");
	lock_fd = path_lock_dir(containers_dirfd, id, true, false);
	if (lock_fd < 0 && errno == ENOENT)
		diex("no such container: %s", argv[at]);
	if (lock_fd < 0)
		die("lock container '%s'", argv[at]);
	/* What a terminal sends reaches the program too, and it decides what becomes of us. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	pid = xfork();
	if (pid == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		xexec(argv + at + 1);
	}
	return proc_wait(pid);
}

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

static const char *timeout_text;

int record_await(int argc, char **argv)
{
	static const struct opt opts[] = { { 't', "timeout", OPT_STR, &timeout_text, "SECONDS",
					     "give up after so long, with status 1" },
					   { 0 } };
	const struct usage u = { "[-t SECONDS] ID", "Wait until a run and its clean-up are over.",
				 opts, 0, NULL };
	int at = opt_parse(argc, argv, &u), seconds = -1, n;
	struct pollfd p = { .events = POLLIN };
	_close_ int fd = -1;

	opt_operands(argc - at, 1, 1);
	if (timeout_text && num_int(timeout_text, -1, INT32_MAX / 1000, &seconds))
		opt_misuse("invalid timeout '%s'", timeout_text);
	fd = open_shim(argv[at]);
	if (fd < 0)
		return 0;
	p.fd = fd;
	do
		n = poll(&p, 1, seconds < 0 ? -1 : seconds * 1000);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die("wait for container '%s'", argv[at]);
	return n ? 0 : 1;
}
