/* cgroup-systemd - have systemd make, change and stop the unit that holds a container.
 *
 * Kept apart from cgctl and runc, so that they stay static and know no D-Bus: runc --systemd-cgroup
 * runs it. The contract is cgroup-systemd(8).
 */
#include "cgctl/unit_verbs.h"
#include "lib/opt.h"

static const struct opt opts[] = { { 0 } };

static const struct verb verbs[] = {
	{ "create", unit_create, "start a unit, print its group" },
	{ "update", unit_update, "change the limits of a unit" },
	{ "delete", unit_delete, "stop a unit, forget it" },
	{ 0 },
};

int main(int argc, char **argv)
{
	const struct usage u = {
		"VERB [OPTION]...",
		"Have systemd make, change and stop the unit that holds a container.", opts,
		OPT_STOP, verbs
	};

	opt_program(argv[0]);
	return opt_run_verb(argc, argv, &u);
}
