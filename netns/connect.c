#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/opt.h"
#include "netns/netns.h"

static struct wish wish;

static const struct opt opts[] = {
	{ 0, "ip", OPT_STR, &wish.ip, "ADDRESS", "this address instead of the next free one" },
	{ 0, "alias", OPT_STRV, &wish.aliases, "NAME", "a name on the network, besides its own" },
	{ 0, "mac", OPT_STR, &wish.mac, "ADDRESS", "this MAC address instead of a random one" },
	{ 0, "ifname", OPT_STR, &wish.ifname, "NAME", "interface's name inside (the next ethN)" },
	{ 0 },
};

static struct space space;

static void abandon(void)
{
	space_heal(space.name, space.dirfd);
}

struct seen {
	const char *network;
	bool connected;
	bool has_default;
};

static void look(void *arg, const char *file _unused_, const struct attachment *a)
{
	struct seen *s = arg;

	s->connected = s->connected || str_eq(a->network, s->network);
	for (size_t i = 0; i < a->nroutes; i++) {
		if (str_ends(a->routes[i].dst, "/0"))
			s->has_default = true;
	}
}

static const char *next_ifname(char name[IF_NAMESIZE])
{
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, IF_NAMESIZE, "eth%u", i);
		if (faccessat(space.dirfd, name, F_OK, 0))
			return name;
	}
	diex("namespace '%s' has too many interfaces", space.name);
}

static void connect_to(const char *network)
{
	struct seen seen = { .network = network };
	char name[IF_NAMESIZE];
	_network_ struct network net = { 0 };
	_host_ struct host host = { .nl.fd = -1, .nft.fd = -1 };
	_close_ int netns_fd = nsfile_open_own(space.dirfd, space.name);

	if (netns_fd < 0)
		die("open namespace '%s'", space.name);
	network_load(network, &net);
	record_each(space.dirfd, look, &seen);
	if (seen.connected)
		diex("namespace '%s' is connected to '%s' already", space.name, network);
	if (!wish.ifname)
		wish.ifname = next_ifname(name);
	else if (!faccessat(space.dirfd, wish.ifname, F_OK, 0))
		diex("namespace '%s' has an interface '%s' already", space.name, wish.ifname);
	wish.default_route = !seen.has_default;
	host_open(&host);
	if (net.chain)
		attach_chain(&space, &net, &wish);
	else
		attach(&space, netns_fd, &net, &wish, &host);
	show_result(space.name, space.dirfd, wish.ifname);
}

int connect_main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... NAME NETWORK",
				 "Attach a namespace to one more network; prints the CNI result.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);

	opt_operands(argc - first, 2, 2);
	if (wish.ifname && !is_ifname(wish.ifname))
		opt_misuse("not an interface name: '%s'", wish.ifname);
	check_names(&wish);
	space = (struct space){ argv[first], space_open(argv[first]) };
	die_cleanup(abandon);
	connect_to(argv[first + 1]);
	return 0;
}
