/* cgctl thaw - let the processes of frozen groups go on. */
#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/opt.h"

static const struct opt opts[] = { { 0 } };

int cgctl_thaw(int argc, char **argv)
{
	const struct usage u = { "GROUP...", "Let the processes of frozen groups go on.", opts, 0,
				 NULL };
	struct cgroup_layout layout;
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 1, -1);
	xlayout_open(&layout);
	for (; at < argc; at++) {
		_cgroup_ struct cgroup g = CGROUP_NONE;

		xgroup_open(&g, &layout, argv[at]);
		if (cgroup_thaw(&g, group_timeout_ms(GROUP_TIMEOUT_S)) == 0)
			continue;
		if (errno == EBUSY)
			diex("thaw group '%s': a group above is frozen", argv[at]);
		die("thaw group '%s'", argv[at]);
	}
	cgroup_layout_close(&layout);
	return 0;
}
