/* cgctl kill - signal every process of groups. */
#include <signal.h>

#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/opt.h"
#include "lib/proc.h"

static const char *signal_name = "KILL";
static bool wait_end;
static int timeout_s = GROUP_TIMEOUT_S;

static const struct opt opts[] = {
	{ 's', "signal", OPT_STR, &signal_name, "SIGNAL",
	  "send this one, by name or number (KILL)" },
	{ 'w', "wait", OPT_FLAG, &wait_end, NULL, "wait until the groups have no processes" },
	{ 't', "timeout", OPT_INT, &timeout_s, "SECONDS", "wait at most this long (10)" },
	{ 0 }
};

static void kill_group(const struct cgroup_layout *l, const char *path, int sig)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;

	if (!xgroup_try(&g, l, path))
		return;
	if (!*g.path)
		opt_misuse("the root group is every process there is");
	if (cgroup_kill(&g, sig) < 0)
		die("kill the processes of group '%s'", path);
	if (wait_end && cgroup_wait_empty(&g, group_timeout_ms(timeout_s)) < 0)
		die("wait for the processes of group '%s'", path);
}

int cgctl_kill(int argc, char **argv)
{
	const struct usage u = { "[-s SIGNAL] [-w] [-t SECONDS] GROUP...",
				 "Signal every process of groups, and of those below.", opts, 0,
				 NULL };
	struct cgroup_layout layout;
	int at = opt_parse(argc, argv, &u), sig;

	opt_operands(argc - at, 1, -1);
	sig = proc_signal_number(signal_name);
	if (sig < 0)
		opt_misuse("no such signal '%s'", signal_name);
	xlayout_open(&layout);
	for (; at < argc; at++)
		kill_group(&layout, argv[at], sig);
	cgroup_layout_close(&layout);
	return 0;
}
