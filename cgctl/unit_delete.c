/* cgroup-systemd delete - stop a unit, forget it. */
#include "cgctl/unit_verbs.h"
#include "lib/opt.h"

static struct unit_options o = { .timeout_s = UNIT_TIMEOUT_S };
static bool kill_first;

static const struct opt opts[] = { UNIT_OPTIONS(o),
				   { 'k', "kill", OPT_FLAG, &kill_first, NULL,
				     "kill the processes that are left, instead of asking" },
				   { 0 } };

int unit_delete(int argc, char **argv)
{
	const struct usage u = { "--path SLICE:PREFIX:NAME [-k] [OPTION]...",
				 "Stop a unit and wait until it is gone; no such unit is success.",
				 opts, 0, NULL };
	_unit_name_ struct unit_name n = { 0 };
	_unit_bus_ struct unit_bus *b = NULL;
	_buf_ struct buf why = { 0 };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 0, 0);
	xunit_name(&n, &o);
	b = xunit_bus(&o);
	if (kill_first && unit_bus_kill(b, n.unit, &why) < 0)
		unit_die(&why);
	if (unit_bus_stop(b, n.unit, &why) < 0)
		unit_die(&why);
	return 0;
}
