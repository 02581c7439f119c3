#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "netns/netns.h"

static const char *ifname = "eth0";

static const struct opt opts[] = {
	{ 0, "ifname", OPT_STR, &ifname, "NAME", "interface to publish ports of (eth0)" },
	{ 0 },
};

static int space_dirfd = -1;
static const char *space;

static void abandon(void)
{
	space_heal(space, space_dirfd);
}

/* What is recorded plus MORE; the members stay theirs. */
static struct attachment with_ports(const struct attachment *a, const struct ports *more)
{
	struct attachment all = *a;

	all.ports = xcalloc(a->nports + more->n, sizeof(*all.ports));
	all.nports = 0;
	for (size_t i = 0; i < a->nports; i++)
		all.ports[all.nports++] = a->ports[i];
	for (size_t i = 0; i < more->n; i++)
		all.ports[all.nports++] = more->v[i];
	return all;
}

static bool has_ipv6(const struct attachment *a)
{
	for (size_t i = 0; i < a->nips; i++) {
		if (strchr(a->ips[i].address, ':'))
			return true;
	}
	return false;
}

static void publish(const struct attachment *now, char *const *specs)
{
	_nft_ struct nft nft = { .fd = -1 };
	struct ports more = { 0 };
	struct attachment added = *now, all;

	table_open(&nft);
	table_ensure(&nft);
	ports_choose(&nft, specs, has_ipv6(now), &more);
	all = with_ports(now, &more);
	added.ports = more.v;
	added.nports = more.n;
	record_intend(space_dirfd, &all);
	if (table_publish(&nft, space, &added)) {
		if (errno == EEXIST)
			ports_refused(&nft, &added);
		die("publish ports of '%s'", space);
	}
	relay_up(space_dirfd, &added);
	record_commit(space_dirfd, ifname);
	free(all.ports);
	ports_free(&more);
}

int publish_main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... NAME PORT...",
				 "Publish more ports of a namespace; prints its CNI result.", opts,
				 0, NULL };
	int first = opt_parse(argc, argv, &u);
	_attachment_ struct attachment now = { 0 };

	opt_operands(argc - first, 2, -1);
	space = argv[first];
	space_dirfd = space_open(space);
	die_cleanup(abandon);
	if (record_read(space_dirfd, ifname, &now) || !now.bridge)
		diex("namespace '%s' has no interface '%s' on a network", space, ifname);
	publish(&now, argv + first + 1);
	show_result(space, space_dirfd, ifname);
	return 0;
}
