/* cgctl rm - remove groups and those below. */
#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/opt.h"

static bool kill_first;
static int timeout_s = 1;

static const struct opt opts[] = { { 'k', "kill", OPT_FLAG, &kill_first, NULL,
				     "kill the processes that are left" },
				   { 't', "timeout", OPT_INT, &timeout_s, "SECONDS",
				     "wait this long for processes to end (1)" },
				   { 0 } };

static void remove_group(const struct cgroup_layout *l, const char *path)
{
	int timeout_ms = group_timeout_ms(timeout_s);

	if ((kill_first ? cgroup_destroy : cgroup_remove)(l, path, timeout_ms) == 0)
		return;
	if (errno == EINVAL)
		opt_misuse("'%s' is no name of a group to remove", path);
	if (errno == EBUSY)
		diex("remove group '%s': it has processes", path);
	die("remove group '%s'", path);
}

int cgctl_rm(int argc, char **argv)
{
	const struct usage u = { "[-k] [-t SECONDS] GROUP...",
				 "Remove groups and those below; nothing there is success.", opts,
				 0, NULL };
	struct cgroup_layout layout;
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 1, -1);
	xlayout_open(&layout);
	for (; at < argc; at++)
		remove_group(&layout, argv[at]);
	cgroup_layout_close(&layout);
	return 0;
}
