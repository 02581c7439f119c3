/* cgctl create - make a group in every hierarchy. */
#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/opt.h"

static bool threaded;

static const struct opt opts[] = {
	{ 0, "threaded", OPT_FLAG, &threaded, NULL,
	  "for single threads of one process; needs cgroup v2" },
	{ 0 },
};

int cgctl_create(int argc, char **argv)
{
	const struct usage u = { "[--threaded] GROUP...", "Make groups, and the groups above them.",
				 opts, 0, NULL };
	struct cgroup_layout layout;
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 1, -1);
	xlayout_open(&layout);
	if (threaded && layout.unified < 0)
		diex("create a threaded group: there is no cgroup v2 here");
	for (; at < argc; at++) {
		_cgroup_ struct cgroup g = CGROUP_NONE;

		if ((threaded ? cgroup_create_threaded : cgroup_create)(&g, &layout, argv[at],
									true) == 0)
			continue;
		if (errno == EOPNOTSUPP && threaded)
			diex("create group '%s': the group above hands down controllers that know "
			     "no threads",
			     argv[at]);
		if (errno == EINVAL)
			opt_misuse("'%s' is no name of a group", argv[at]);
		die("create group '%s'", argv[at]);
	}
	cgroup_layout_close(&layout);
	return 0;
}
