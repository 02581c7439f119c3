#include "lib/opt.h"
#include "netns/netns.h"

static const struct verb verbs[] = {
	{ "create", network_create_main, "write a new network's conflist" },
	{ "rm", network_rm_main, "remove networks" },
	{ "ls", network_ls_main, "list networks" },
	{ "prune", network_prune_main, "remove networks nobody uses" },
	{ "inspect", network_inspect_main, "print a network's conflist" },
	{ 0 },
};

int network_main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = { "VERB [ARG]...", "Networks, which are CNI configuration lists.",
				 opts, OPT_STOP, verbs };

	return opt_run_verb(argc, argv, &u);
}
