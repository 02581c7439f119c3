/* cgctl freeze - stop the processes of groups. */
#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/opt.h"

static int timeout_s = GROUP_TIMEOUT_S;

static const struct opt opts[] = {
	{ 't', "timeout", OPT_INT, &timeout_s, "SECONDS",
	  "give up, and thaw, after this long (10)" },
	{ 0 },
};

int cgctl_freeze(int argc, char **argv)
{
	const struct usage u = { "[-t SECONDS] GROUP...",
				 "Stop the processes of groups, and of those below.", opts, 0,
				 NULL };
	struct cgroup_layout layout;
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 1, -1);
	xlayout_open(&layout);
	for (; at < argc; at++) {
		_cgroup_ struct cgroup g = CGROUP_NONE;

		xgroup_open(&g, &layout, argv[at]);
		if (cgroup_freeze(&g, group_timeout_ms(timeout_s)) < 0)
			die("freeze group '%s'", argv[at]);
	}
	cgroup_layout_close(&layout);
	return 0;
}
