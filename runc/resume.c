/* resume - let the processes of a paused container go on. */
#include "lib/die.h"
#include "runc/group.h"
#include "runc/runc.h"

enum { THAW_MS = 10000 };

static const struct opt opts[] = { { 0 } };

static const struct usage usage = {
	.synopsis = "ID",
	.purpose = "Let all processes of a paused container go on.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

int verb_resume(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_group_ struct group g = GROUP_NONE;

	argv += runc_parse(argc, argv, &usage, 1, 1);
	xcontainer_load(&c, argv[0], true);
	if (container_status(&c) != STATUS_PAUSED)
		diex("container not paused");
	xgroup_open(&g, &c);
	if (cgroup_thaw(&g.cgroup, THAW_MS))
		die("unable to thaw");
	return 0;
}
