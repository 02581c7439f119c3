#include <sched.h>

#include "lib/die.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "netns/netns.h"

int exec_main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = {
		"NAME COMMAND [ARG]...",
		"Run COMMAND in a network namespace; a NAME with a slash is a path.", opts,
		OPT_CHAIN, NULL
	};
	int first = opt_parse(argc, argv, &u);

	opt_operands(argc - first, 2, -1);
	argv += first;

	_close_ int fd = nsfile_open(argv[0]);

	if (fd < 0)
		die("open network namespace '%s'", argv[0]);
	if (setns(fd, CLONE_NEWNET))
		die("join network namespace '%s'", argv[0]);
	xexec(argv + 1);
}
