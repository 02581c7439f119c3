/* record - keep the engine's containers: make, find, lock, list, show and remove their directories.
 */
#include "engine/record.h"
#include "lib/opt.h"

static const struct opt opts[] = { { 0 } };

static const struct verb verbs[] = {
	{ "new", record_new, "make a container's directory and reserve its name" },
	{ "put", record_put, "write values" },
	{ "find", record_find, "print the IDs that names mean" },
	{ "lock", record_lock, "run a program while the container is locked" },
	{ "await", record_await, "wait until a run and its clean-up are over" },
	{ "attend", record_attend, "run a program that is connected to a run, then await" },
	{ "status", record_status, "print what containers are doing" },
	{ "ls", record_ls, "list containers" },
	{ "inspect", record_inspect, "describe containers in JSON" },
	{ "network", record_network, "describe networks in JSON" },
	{ "rename", record_rename, "give a container another name" },
	{ "ended", record_ended, "keep how a run ended, let go of its mounts" },
	{ "rm", record_rm, "remove a container's directory and name" },
	{ 0 },
};

int main(int argc, char **argv)
{
	const struct usage u = { "VERB [ARG]...", "Keep the engine's containers on disk.", opts,
				 OPT_STOP, verbs };

	opt_program(argv[0]);
	return opt_run_verb(argc, argv, &u);
}
