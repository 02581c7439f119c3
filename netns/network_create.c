#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "netns/netns.h"

static struct strv subnets;
static const char *gateway, *range_start, *range_end, *bridge;
static bool internal, isolated;
static uint64_t mtu;

static const struct opt opts[] = {
	{ 0, "subnet", OPT_STRV, &subnets, "ADDRESS/PREFIX",
	  "addresses; one of each family (a free /16)" },
	{ 0, "gateway", OPT_STR, &gateway, "ADDRESS",
	  "the host's address there (the subnet's first)" },
	{ 0, "first", OPT_STR, &range_start, "ADDRESS", "hand out addresses from here" },
	{ 0, "last", OPT_STR, &range_end, "ADDRESS", "up to here" },
	{ 0, "bridge", OPT_STR, &bridge, "NAME", "name of the bridge (the next lashN)" },
	{ 0, "internal", OPT_FLAG, &internal, NULL, "nothing is forwarded from or to it" },
	{ 0, "isolated", OPT_FLAG, &isolated, NULL, "its members do not reach each other" },
	{ 0, "mtu", OPT_U64, &mtu, "BYTES", "of its links" },
	{ 0 },
};

struct taken {
	const char *name, *bridge;
	struct nl_addr subnet;
	bool name_taken, bridge_taken, subnet_taken;
};

static void look_network(void *arg, const struct network *net)
{
	struct taken *t = arg;

	t->name_taken = t->name_taken || (t->name && str_eq(net->name, t->name));
	t->bridge_taken = t->bridge_taken ||
			  (t->bridge && net->bridge && str_eq(net->bridge, t->bridge));
	for (size_t i = 0; t->subnet.family && i < net->nranges; i++) {
		if (addr_overlaps(&t->subnet, &net->ranges[i].subnet))
			t->subnet_taken = true;
	}
}

static int look_route(void *arg, const struct nl_addr *dst, unsigned ifindex _unused_)
{
	struct taken *t = arg;

	return dst->prefix && addr_overlaps(&t->subnet, dst) ? 1 : 0;
}

static bool subnet_is_free(struct nl *nl, const char *text)
{
	struct taken t = { 0 };
	int routed;

	if (addr_parse(text, &t.subnet))
		return false;
	network_each(look_network, &t);
	routed = nl_route_each(nl, look_route, &t);
	if (routed < 0)
		die("list routes");
	return !routed && !t.subnet_taken;
}

/* Docker's pools: 172.18 to 172.31, then 192.168 in pieces. */
static void choose_subnet(void)
{
	_nl_ struct nl nl = { .fd = -1 };
	char text[ADDR_TEXT_MAX];

	if (nl_open(&nl))
		die("open a netlink socket");
	for (int i = 18; i < 32 + 16; i++) {
		if (i < 32)
			snprintf(text, sizeof(text), "172.%d.0.0/16", i);
		else
			snprintf(text, sizeof(text), "192.168.%d.0/20", (i - 32) * 16);
		if (subnet_is_free(&nl, text)) {
			strv_add(&subnets, text);
			return;
		}
	}
	diex("no free subnet; say --subnet");
}

static const char *choose_bridge(char name[IF_NAMESIZE])
{
	for (unsigned i = 1; i < 10000; i++) {
		struct taken t = { .bridge = name };

		snprintf(name, IF_NAMESIZE, "lash%u", i);
		network_each(look_network, &t);
		if (!t.bridge_taken && !if_nametoindex(name))
			return name;
	}
	diex("no free bridge name; say --bridge");
}

static void emit_ranges(struct emit *e)
{
	emit_array(e, "ranges");
	for (size_t i = 0; i < subnets.n; i++) {
		emit_array(e, NULL);
		emit_object(e, NULL);
		emit_str(e, "subnet", subnets.v[i]);
		if (!i) {
			emit_str_if(e, "gateway", gateway);
			emit_str_if(e, "rangeStart", range_start);
			emit_str_if(e, "rangeEnd", range_end);
		}
		emit_end(e);
		emit_end(e);
	}
	emit_end(e);
}

static void emit_network(struct emit *e, const char *name)
{
	emit_object(e, NULL);
	emit_str(e, "cniVersion", "1.0.0");
	emit_str(e, "name", name);
	emit_array(e, "plugins");
	emit_object(e, NULL);
	emit_str(e, "type", "bridge");
	emit_str(e, "bridge", bridge);
	emit_bool(e, "isGateway", !internal);
	emit_bool(e, "isDefaultGateway", !internal);
	emit_bool(e, "ipMasq", !internal);
	emit_bool(e, "hairpinMode", true);
	emit_bool(e, "portIsolation", isolated);
	if (mtu)
		emit_u64(e, "mtu", mtu);
	emit_object(e, "ipam");
	emit_str(e, "type", "host-local");
	emit_ranges(e);
	emit_end(e);
	emit_end(e);
	emit_object(e, NULL);
	emit_str(e, "type", "portmap");
	emit_object(e, "capabilities");
	emit_bool(e, "portMappings", true);
	emit_end(e);
	emit_end(e);
	emit_end(e);
	emit_end(e);
}

static void write_network(const char *name)
{
	_free_ char *dir = network_dir(), *file = xasprintf("%s.conflist", name);
	_close_ int dirfd = path_open_dir(dir, 0755);
	_network_ struct network net = { 0 };
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out, .indent = 2 };
	char why[WHY_MAX];

	if (dirfd < 0)
		die("open '%s'", dir);
	emit_network(&e, name);
	buf_addc(&out, '\n');
	if (network_parse(out.data, out.len, &net, why))
		diex("network '%s': %s", name, why);
	if (file_replace(dirfd, file, 0644, out.data, out.len, true))
		die("write '%s/%s'", dir, file);
}

int network_create_main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... NAME",
				 "Write a new network's conflist; print its name.", opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	char name[IF_NAMESIZE];
	struct taken t = { 0 };

	opt_operands(argc - first, 1, 1);
	t.name = argv[first];
	if (!str_is_name(t.name) || str_eq(t.name, "none") || str_eq(t.name, "host"))
		opt_misuse("not a network's name: '%s'", t.name);
	t.bridge = bridge;
	network_each(look_network, &t);
	if (t.name_taken)
		diex("network '%s' exists", t.name);
	if (t.bridge_taken)
		diex("bridge '%s' is another network's", bridge);
	if (!subnets.n)
		choose_subnet();
	if (!bridge)
		bridge = choose_bridge(name);
	write_network(t.name);
	printf("%s\n", t.name);
	strv_free(&subnets);
	return 0;
}
