#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "netns/netns.h"

static struct strv networks;
static struct strv publish;
static struct wish wish = { .ifname = "eth0", .default_route = true };

static const struct opt opts[] = {
	{ 0, "network", OPT_STRV, &networks, "NAME",
	  "network to attach to, or 'none' (bridge); more become eth1, ..." },
	{ 'p', "publish", OPT_STRV, &publish, "[[IP:]HOST:]PORT[/PROTO]",
	  "publish a port of the host" },
	{ 0, "ip", OPT_STR, &wish.ip, "ADDRESS", "this address instead of the next free one" },
	{ 0, "mac", OPT_STR, &wish.mac, "ADDRESS", "this MAC address instead of a random one" },
	{ 0, "ifname", OPT_STR, &wish.ifname, "NAME", "interface's name inside (eth0)" },
	{ 0, "alias", OPT_STRV, &wish.aliases, "NAME", "a name on the network, besides its own" },
	{ 0, "sysctl", OPT_STRV, &wish.sysctls, "KEY=VALUE", "set one of the namespace's own" },
	{ 0, "rate-in", OPT_SIZE, &wish.rate_in, "BYTES", "let at most so many a second in" },
	{ 0, "rate-out", OPT_SIZE, &wish.rate_out, "BYTES", "and out" },
	{ 0 },
};

static struct space space;

/* The way every failure ends: as if it had been killed, and then deleted. */
static void abandon(void)
{
	space_remove(space.name, space.dirfd, false);
}

static void begin(const char *name)
{
	if (nsfile_is_taken(name))
		diex("namespace '%s' exists", name);
	space = (struct space){ name, space_create(name) };
	die_cleanup(abandon);
}

static void add_alone(const char *name)
{
	if (publish.n || wish.ip || wish.mac || networks.n > 1 || wish.rate_in || wish.rate_out)
		opt_misuse("network 'none' has no ports, no addresses and no others beside it");
	begin(name);

	_close_ int netns_fd = nsfile_make();

	nsfile_bind(space.dirfd, name, netns_fd);
	attach_loopback(space.dirfd, netns_fd);
	attach_sysctls(netns_fd, &wish);
}

static void add_rootless(const char *name, const char *network)
{
	struct nft none = { .fd = -1 };

	if (wish.ip || wish.mac || networks.n > 1 || wish.rate_in || wish.rate_out)
		opt_misuse("network '%s' has no addresses to choose and no others beside it",
			   network);
	ports_choose(&none, publish.v, false, &wish.ports);
	begin(name);

	_close_ int netns_fd = nsfile_make();

	nsfile_bind(space.dirfd, name, netns_fd);
	rootless_attach(&space, netns_fd, network, &wish);
	attach_sysctls(netns_fd, &wish);
	ports_free(&wish.ports);
}

static void attach_to(const struct network *net, int netns_fd, const struct wish *w,
		      struct host *host)
{
	if (net->chain)
		attach_chain(&space, net, w);
	else
		attach(&space, netns_fd, net, w, host);
}

/* The other networks: the next interfaces, whose default routes nobody needs. */
static void attach_others(int netns_fd, struct host *host)
{
	for (size_t i = 1; i < networks.n; i++) {
		_network_ struct network net = { 0 };
		char ifname[IF_NAMESIZE];
		struct wish other = { .ifname = ifname, .aliases = wish.aliases };

		snprintf(ifname, sizeof(ifname), "eth%u", (unsigned)i);
		network_load(networks.v[i], &net);
		attach_to(&net, netns_fd, &other, host);
	}
}

static void add_attached(const char *name)
{
	_network_ struct network net = { 0 };
	_host_ struct host host = { .nl.fd = -1, .nft.fd = -1 };

	for (size_t i = 1; i < networks.n; i++) {
		if (strv_index(networks.v, networks.v[i]) != (int)i ||
		    str_eq(networks.v[i], "none"))
			opt_misuse("network '%s' cannot be had so", networks.v[i]);
	}
	network_load(networks.v[0], &net);
	host_open(&host);
	ports_choose(&host.nft, publish.v, network_has_ipv6(&net), &wish.ports);
	if (wish.ports.n && !net.publishes)
		diex("network '%s' does not publish ports", net.name);
	begin(name);

	_close_ int netns_fd = nsfile_make();

	nsfile_bind(space.dirfd, name, netns_fd);
	attach_to(&net, netns_fd, &wish, &host);
	attach_others(netns_fd, &host);
	ports_free(&wish.ports);
}

int add_main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... NAME",
				 "Make a network namespace and attach it to a network.", opts, 0,
				 NULL };
	int first = opt_parse(argc, argv, &u);
	bool alone;

	opt_operands(argc - first, 1, 1);
	argv += first;
	if (!str_is_name(argv[0]))
		opt_misuse("not a name: '%s'", argv[0]);
	if (!str_is_name(wish.ifname) || strlen(wish.ifname) >= IF_NAMESIZE ||
	    str_eq(wish.ifname, "lo"))
		opt_misuse("not an interface name: '%s'", wish.ifname);
	check_names(&wish);
	if (!networks.n)
		strv_add(&networks, "bridge");
	alone = str_eq(networks.v[0], "none");
	if (alone)
		add_alone(argv[0]);
	else if (rootless_is(networks.v[0]))
		add_rootless(argv[0], networks.v[0]);
	else
		add_attached(argv[0]);
	show_result(argv[0], space.dirfd, alone ? NULL : wish.ifname);
	strv_free(&publish);
	strv_free(&networks);
	strv_free(&wish.sysctls);
	strv_free(&wish.aliases);
	return 0;
}
