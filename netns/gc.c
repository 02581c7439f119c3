#include "lib/die.h"
#include "lib/opt.h"
#include "netns/netns.h"

static const struct opt opts[] = { { 0 } };

/* A space somebody works on is locked; one that is not alive and not locked was left behind. */
static void collect(const char *name)
{
	_close_ int dirfd = space_lock(name, true);

	if (dirfd < 0)
		return;
	if (space_is_alive(dirfd, name))
		space_heal(name, dirfd);
	else
		space_remove(name, dirfd, true);
}

int gc_main(int argc, char **argv)
{
	const struct usage u = {
		"", "Remove what killed programs and reboots left behind, and idle networks.", opts,
		0, NULL
	};
	_strv_ struct strv spaces = { 0 }, networks = { 0 };
	_nft_ struct nft nft = { .fd = -1 };
	int first = opt_parse(argc, argv, &u);
	size_t failed;

	opt_operands(argc - first, 0, 0);
	names_of(state_spaces(), &spaces);
	for (size_t i = 0; i < spaces.n; i++)
		collect(spaces.v[i]);
	lease_sweep();
	table_open(&nft);
	table_sweep(&nft);
	names_of(state_networks(), &networks);
	for (size_t i = 0; i < networks.n; i++)
		network_down_idle(networks.v[i]);
	failed = sweep_chains();
	table_drop_idle(&nft);
	return failed ? 1 : 0;
}
