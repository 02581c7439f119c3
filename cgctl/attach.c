/* cgctl attach - move running processes to a group. */
#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/num.h"
#include "lib/opt.h"

static bool thread;

static const struct opt opts[] = {
	{ 0, "thread", OPT_FLAG, &thread, NULL, "move single threads, by their TIDs" },
	{ 0 },
};

static void attach(const struct cgroup *g, pid_t pid)
{
	if ((thread ? cgroup_move_thread : cgroup_move)(g, pid) == 0)
		return;
	if (errno == ESRCH)
		diex("move %d to group '%s': no such process", (int)pid, g->path);
	if (errno == EBUSY)
		diex("move %d to group '%s': it hands controllers to groups below", (int)pid,
		     g->path);
	if (errno == EOPNOTSUPP && thread)
		diex("move %d to group '%s': not of the same threaded domain", (int)pid, g->path);
	if (errno == EOPNOTSUPP)
		diex("move %d to group '%s': a threaded group takes threads", (int)pid, g->path);
	die("move %d to group '%s'", (int)pid, g->path);
}

int cgctl_attach(int argc, char **argv)
{
	const struct usage u = { "[--thread] GROUP PID...", "Move running processes to a group.",
				 opts, 0, NULL };
	struct cgroup_layout layout;
	_cgroup_ struct cgroup g = CGROUP_NONE;
	int at = opt_parse(argc, argv, &u), pid;

	opt_operands(argc - at, 2, -1);
	for (int i = at + 1; i < argc; i++) {
		if (num_int(argv[i], 1, INT32_MAX, &pid) < 0)
			opt_misuse("'%s' is no PID", argv[i]);
	}
	xlayout_open(&layout);
	xgroup_open(&g, &layout, argv[at]);
	for (int i = at + 1; i < argc && num_int(argv[i], 1, INT32_MAX, &pid) == 0; i++)
		attach(&g, pid);
	cgroup_layout_close(&layout);
	return 0;
}
