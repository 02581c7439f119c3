/* cgctl create - make a group in every hierarchy. */
#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/opt.h"

static const struct opt opts[] = { { 0 } };

int cgctl_create(int argc, char **argv)
{
	const struct usage u = { "GROUP...", "Make groups, and the groups above them.", opts, 0,
				 NULL };
	struct cgroup_layout layout;
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 1, -1);
	xlayout_open(&layout);
	for (; at < argc; at++) {
		_cgroup_ struct cgroup g = CGROUP_NONE;

		if (cgroup_create(&g, &layout, argv[at], true) == 0)
			continue;
		if (errno == EINVAL)
			opt_misuse("'%s' is no name of a group", argv[at]);
		die("create group '%s'", argv[at]);
	}
	cgroup_layout_close(&layout);
	return 0;
}
