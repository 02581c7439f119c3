/* record lock, find - hold a container, name it. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "engine/record.h"
#include "engine/store.h"
#include "lib/die.h"
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
