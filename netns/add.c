#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "netns/netns.h"

static const char *network_name = "bridge";
static struct strv publish;
static struct wish wish = { .ifname = "eth0", .default_route = true };

static const struct opt opts[] = {
	{ 0, "network", OPT_STR, &network_name, "NAME",
	  "network to attach to, or 'none' (bridge)" },
	{ 'p', "publish", OPT_STRV, &publish, "[[IP:]HOST:]PORT[/PROTO]",
	  "publish a port of the host" },
	{ 0, "ip", OPT_STR, &wish.ip, "ADDRESS", "this address instead of the next free one" },
	{ 0, "mac", OPT_STR, &wish.mac, "ADDRESS", "this MAC address instead of a random one" },
	{ 0, "ifname", OPT_STR, &wish.ifname, "NAME", "interface's name inside (eth0)" },
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
	if (publish.n || wish.ip || wish.mac)
		opt_misuse("network 'none' has no ports and no addresses");
	begin(name);

	_close_ int netns_fd = nsfile_make();

	nsfile_bind(space.dirfd, name, netns_fd);
	attach_loopback(space.dirfd, netns_fd);
}

static void add_attached(const char *name)
{
	_network_ struct network net = { 0 };
	_host_ struct host host = { .nl.fd = -1, .nft.fd = -1 };

	network_load(network_name, &net);
	host_open(&host);
	ports_choose(&host.nft, publish.v, network_has_ipv6(&net), &wish.ports);
	if (wish.ports.n && !net.publishes)
		diex("network '%s' does not publish ports", net.name);
	begin(name);

	_close_ int netns_fd = nsfile_make();

	nsfile_bind(space.dirfd, name, netns_fd);
	if (net.chain)
		attach_chain(&space, &net, &wish);
	else
		attach(&space, netns_fd, &net, &wish, &host);
	ports_free(&wish.ports);
}

int add_main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... NAME",
				 "Make a network namespace and attach it to a network.", opts, 0,
				 NULL };
	int first = opt_parse(argc, argv, &u);

	opt_operands(argc - first, 1, 1);
	argv += first;
	if (!str_is_name(argv[0]))
		opt_misuse("not a name: '%s'", argv[0]);
	if (!str_is_name(wish.ifname) || strlen(wish.ifname) >= IF_NAMESIZE ||
	    str_eq(wish.ifname, "lo"))
		opt_misuse("not an interface name: '%s'", wish.ifname);
	if (str_eq(network_name, "none"))
		add_alone(argv[0]);
	else
		add_attached(argv[0]);
	show_result(argv[0], space.dirfd, NULL);
	strv_free(&publish);
	return 0;
}
