/* cgroup-systemd update - change the limits of a unit. */
#include "cgctl/unit_verbs.h"
#include "lib/opt.h"

static struct unit_options o = { .timeout_s = UNIT_TIMEOUT_S };
static bool dry_run;

static const struct opt opts[] = { UNIT_OPTIONS(o),
				   { 'n', "dry-run", OPT_FLAG, &dry_run, NULL,
				     "print the properties instead" },
				   { 0 } };

int unit_update(int argc, char **argv)
{
	const struct usage u = { "--path SLICE:PREFIX:NAME [OPTION]...",
				 "Change the limits that standard input, linux.resources, names; "
				 "device rules stay.",
				 opts, 0, NULL };
	_unit_name_ struct unit_name n = { 0 };
	_unit_props_ struct unit_props props = { 0 };
	_unit_bus_ struct unit_bus *b = NULL;
	_buf_ struct buf why = { 0 };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 0, 0);
	xunit_name(&n, &o);
	xunit_resources(&props, true);
	if (dry_run) {
		unit_print(&props);
		return 0;
	}
	b = xunit_bus(&o);
	if (unit_bus_set(b, n.unit, &props, &why) < 0)
		unit_die(&why);
	return 0;
}
