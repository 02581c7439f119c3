/* pause - stop all processes of a container where they are. */
#include "lib/die.h"
#include "runc/group.h"
#include "runc/runc.h"

enum { FREEZE_MS = 10000 };

static const struct opt opts[] = { { 0 } };

static const struct usage usage = {
	.synopsis = "ID",
	.purpose = "Suspend all processes of the container.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

int verb_pause(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_group_ struct group g = GROUP_NONE;
	enum status status;

	argv += runc_parse(argc, argv, &usage, 1, 1);
	xcontainer_load(&c, argv[0], true);
	status = container_status(&c);
	if (status != STATUS_RUNNING && status != STATUS_CREATED)
		diex("container not running");
	xgroup_open(&g, &c);
	if (cgroup_freeze(&g.cgroup, FREEZE_MS))
		die("unable to freeze");
	return 0;
}
