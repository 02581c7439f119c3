#include "lib/die.h"
#include "lib/opt.h"
#include "netns/netns.h"

static bool wait_for_kernel;

static const struct opt opts[] = {
	{ 0, "wait", OPT_FLAG, &wait_for_kernel, NULL,
	  "return only when the kernel has let go of its ports" },
	{ 0 },
};

static void del(const char *name)
{
	_close_ int dirfd = -1;

	if (!str_is_name(name))
		opt_misuse("not a name: '%s'", name);
	dirfd = space_lock(name, false);
	if (dirfd >= 0)
		space_remove(name, dirfd, wait_for_kernel);
	else if (errno != ENOENT)
		die("lock record of '%s'", name);
	else if (nsfile_is_taken(name))
		diex("namespace '%s' was not made by netns add", name);
}

int del_main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... NAME...",
				 "Remove network namespaces; one that is not there is no error.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);

	opt_operands(argc - first, 1, -1);
	for (argv += first; *argv; argv++)
		del(*argv);
	return 0;
}
