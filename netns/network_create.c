#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/utc.h"
#include "netns/netns.h"

static struct strv subnets, gateways, parts, reserved, labels;
static const char *range_start, *range_end, *bridge;
static const char *driver = "bridge", *parent, *mode, *gateway_mode = "nat";
static bool internal, isolated, ipv6, dhcp, no_dns, no_masquerade, ipv4 = true;
static uint64_t mtu, vlan;

static const struct opt opts[] = {
	{ 0, "subnet", OPT_STRV, &subnets, "ADDRESS/PREFIX",
	  "addresses; one of each family (a free /16)" },
	{ 0, "gateway", OPT_STRV, &gateways, "ADDRESS",
	  "the host's address there; one of each family (the subnet's first)" },
	{ 0, "part", OPT_STRV, &parts, "ADDRESS/PREFIX", "hand out only this part of a subnet" },
	{ 0, "reserve", OPT_STRV, &reserved, "ADDRESS", "never hand out this one" },
	{ 0, "first", OPT_STR, &range_start, "ADDRESS", "hand out addresses from here" },
	{ 0, "last", OPT_STR, &range_end, "ADDRESS", "up to here" },
	{ 0, "bridge", OPT_STR, &bridge, "NAME", "name of the bridge (the next lashN)" },
	{ 0, "internal", OPT_FLAG, &internal, NULL, "nothing is forwarded from or to it" },
	{ 0, "isolated", OPT_FLAG, &isolated, NULL, "its members do not reach each other" },
	{ 0, "mtu", OPT_U64, &mtu, "BYTES", "of its links" },
	{ 0, "ipv4", OPT_FLAG, &ipv4, NULL, "IPv4 (it has; --ipv4=false: IPv6 alone)" },
	{ 0, "ipv6", OPT_FLAG, &ipv6, NULL, "IPv6 too, from this host's own ULA prefix" },
	{ 0, "label", OPT_STRV, &labels, "KEY[=VALUE]", "what ls --filter and prune find it by" },
	{ 0, "no-masquerade", OPT_FLAG, &no_masquerade, NULL,
	  "its members keep their addresses outside" },
	{ 0, "no-dns", OPT_FLAG, &no_dns, NULL, "members do not find each other by name" },
	{ 0, "gateway-mode", OPT_STR, &gateway_mode, "MODE",
	  "nat, nat-unprotected, routed or isolated (nat)" },
	{ 0, "driver", OPT_STR, &driver, "NAME",
	  "bridge, ptp, macvlan, ipvlan, vlan, host-device or dummy (bridge)" },
	{ 0, "parent", OPT_STR, &parent, "LINK", "link of the host below it" },
	{ 0, "mode", OPT_STR, &mode, "MODE", "of macvlan or ipvlan" },
	{ 0, "vlan", OPT_U64, &vlan, "ID", "of vlan" },
	{ 0, "dhcp", OPT_FLAG, &dhcp, NULL, "addresses come from the network's own server" },
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

/* RFC 4193: fd, 40 bits of this host, 16 bits of the network; other ones until it is free. */
static void choose_ula(const char *name)
{
	_free_ char *host = file_read_line(AT_FDCWD, "/etc/machine-id");
	uint64_t site = str_hash(str_hash(STR_HASH, "lash"), host ? host : ""),
		 net = str_hash(site, name);
	_nl_ struct nl nl = { .fd = -1 };
	char text[ADDR_TEXT_MAX];

	if (nl_open(&nl))
		die("open a netlink socket");
	for (int i = 0; i < 100; i++, net++) {
		snprintf(text, sizeof(text), "fd%02x:%04x:%04x:%04x::/64",
			 (unsigned)(site >> 32 & 0xff), (unsigned)(site >> 16 & 0xffff),
			 (unsigned)(site & 0xffff), (unsigned)(net & 0xffff));
		if (subnet_is_free(&nl, text)) {
			strv_add(&subnets, text);
			return;
		}
	}
	diex("no free IPv6 subnet; say --subnet");
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

/* The one of ADDRESSES that is in SUBNET, or NULL. */
static const char *one_within(const struct strv *addresses, const char *subnet)
{
	struct nl_addr whole, a;

	if (addr_parse(subnet, &whole))
		return NULL;
	for (size_t i = 0; i < addresses->n; i++) {
		if (!addr_parse(addresses->v[i], &a) && addr_within(&a, &whole))
			return addresses->v[i];
	}
	return NULL;
}

static void emit_range_bounds(struct emit *e, const char *subnet, bool is_first)
{
	const char *part = one_within(&parts, subnet);
	char text[ADDR_TEXT_MAX];
	struct nl_addr a, whole, lowest;

	if (is_first) {
		emit_str_if(e, "rangeStart", range_start);
		emit_str_if(e, "rangeEnd", range_end);
	}
	if (!part || addr_parse(part, &a) || addr_parse(subnet, &whole))
		return;
	/* A part's first and last address are ordinary ones, unless they are the subnet's. */
	lowest = addr_lowest(&a);
	whole = addr_lowest(&whole);
	if (!addr_equal(&lowest, &whole))
		emit_str(e, "rangeStart", addr_text(&lowest, false, text));
	a = addr_highest(&a);
	whole = addr_highest(&whole);
	if (!addr_equal(&a, &whole))
		emit_str(e, "rangeEnd", addr_text(&a, false, text));
}

static void emit_ranges(struct emit *e)
{
	emit_array(e, "ranges");
	for (size_t i = 0; i < subnets.n; i++) {
		emit_array(e, NULL);
		emit_object(e, NULL);
		emit_str(e, "subnet", subnets.v[i]);
		emit_str_if(e, "gateway", one_within(&gateways, subnets.v[i]));
		emit_range_bounds(e, subnets.v[i], !i);
		emit_end(e);
		emit_end(e);
	}
	emit_end(e);
	if (reserved.n)
		emit_strv(e, "exclude", reserved.v);
}

static void emit_true(struct emit *e, const char *key)
{
	emit_bool(e, key, true);
}

static void emit_portmap(struct emit *e)
{
	emit_object(e, NULL);
	emit_str(e, "type", "portmap");
	emit_object(e, "capabilities");
	emit_true(e, "portMappings");
	emit_end(e);
	emit_end(e);
}

/* Leases of plugins are no business of other runners' networks of that name. */
static void emit_ipam(struct emit *e, bool own_store, bool default_route)
{
	_free_ char *dir = xasprintf("%s/cni/networks", sys_lash_root());

	emit_object(e, "ipam");
	emit_str(e, "type", dhcp ? "dhcp" : "host-local");
	if (own_store)
		emit_str(e, "dataDir", dir);
	if (!dhcp)
		emit_ranges(e);
	if (default_route) {
		emit_array(e, "routes");
		for (size_t i = 0; i < subnets.n; i++) {
			emit_object(e, NULL);
			emit_str(e, "dst", strchr(subnets.v[i], ':') ? "::/0" : "0.0.0.0/0");
			emit_end(e);
		}
		emit_end(e);
	}
	emit_end(e);
}

static void emit_bridge(struct emit *e)
{
	emit_str(e, "type", "bridge");
	emit_str(e, "bridge", bridge);
	emit_bool(e, "isGateway", !internal);
	emit_bool(e, "isDefaultGateway", !internal);
	emit_bool(e, "ipMasq", !internal && !no_masquerade && !str_eq(gateway_mode, "routed"));
	emit_bool(e, "hairpinMode", true);
	emit_bool(e, "portIsolation", isolated);
	emit_bool(e, "resolver", !internal && !no_dns);
	if (!internal && !str_eq(gateway_mode, "nat"))
		emit_str(e, "gatewayMode", gateway_mode);
	if (mtu)
		emit_u64(e, "mtu", mtu);
	emit_ipam(e, dhcp, false);
}

/* Others have a default route where somebody said by whom, and a pair's other end is the host. */
static void emit_other(struct emit *e)
{
	bool pair = str_eq(driver, "ptp");

	emit_str(e, "type", driver);
	emit_str_if(e, str_eq(driver, "host-device") ? "device" : "master", parent);
	emit_str_if(e, "mode", mode);
	if (vlan)
		emit_u64(e, "vlanId", vlan);
	if (mtu)
		emit_u64(e, "mtu", mtu);
	if (pair)
		emit_bool(e, "ipMasq", !internal && !no_masquerade);
	emit_object(e, "capabilities");
	emit_true(e, "ips");
	emit_true(e, "mac");
	emit_end(e);
	if (subnets.n || dhcp)
		emit_ipam(e, !dhcp, !internal && (pair || gateways.n));
}

static void emit_labels(struct emit *e)
{
	_json_ struct json *all = json_new(JSON_OBJECT);

	for (size_t i = 0; i < labels.n; i++) {
		size_t len = strcspn(labels.v[i], "=");
		_free_ char *key = xmemdup0(labels.v[i], len);

		json_set(all, key, json_new_str(labels.v[i] + len + (labels.v[i][len] == '=')));
	}
	if (labels.n)
		emit_json(e, "labels", all);
}

static void emit_network(struct emit *e, const char *name)
{
	bool is_bridge = str_eq(driver, "bridge");
	char now[UTC_MAX];

	emit_object(e, NULL);
	emit_str(e, "cniVersion", is_bridge ? "1.0.0" : "1.1.0");
	emit_str(e, "name", name);
	emit_str(e, "created", utc_now(0, now));
	emit_labels(e);
	emit_array(e, "plugins");
	emit_object(e, NULL);
	if (is_bridge)
		emit_bridge(e);
	else
		emit_other(e);
	emit_end(e);
	if (is_bridge || str_eq(driver, "ptp"))
		emit_portmap(e);
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

static void check_driver(void)
{
	static const char *const drivers[] = { "bridge", "ptp",		"macvlan", "ipvlan",
					       "vlan",	 "host-device", "dummy" };
	bool needs_parent = str_eq(driver, "vlan") || str_eq(driver, "host-device"), known = false;

	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		known = known || str_eq(driver, drivers[i]);
	if (!known)
		opt_misuse("unknown driver: '%s'", driver);
	if (needs_parent && !parent)
		opt_misuse("driver '%s' needs --parent", driver);
	if (!str_eq(driver, "bridge") && (bridge || isolated || !str_eq(gateway_mode, "nat")))
		opt_misuse("--bridge, --isolated and --gateway-mode are of driver 'bridge'");
	if (str_eq(driver, "bridge") && (parent || mode || vlan))
		opt_misuse("--parent, --mode and --vlan are not of driver 'bridge'");
	if (dhcp &&
	    (subnets.n || gateways.n || range_start || range_end || parts.n || reserved.n || ipv6))
		opt_misuse("with --dhcp the network's server says which addresses");
	if (str_eq(gateway_mode, "isolated"))
		internal = true;
	else if (!str_eq(gateway_mode, "nat") && !str_eq(gateway_mode, "nat-unprotected") &&
		 !str_eq(gateway_mode, "routed"))
		opt_misuse("unknown gateway mode: '%s'", gateway_mode);
}

static bool has_family(bool v6)
{
	for (size_t i = 0; i < subnets.n; i++) {
		if ((strchr(subnets.v[i], ':') != NULL) == v6)
			return true;
	}
	return false;
}

/* Each must be in exactly one of the subnets, and be the only one there. */
static void check_within(const struct strv *addresses, const char *what, bool one_each)
{
	bool used[RANGES_MAX] = { false };

	for (size_t i = 0; i < addresses->n; i++) {
		struct nl_addr a, whole;
		bool inside = false;

		if (addr_parse(addresses->v[i], &a))
			opt_misuse("--%s: not an address: '%s'", what, addresses->v[i]);
		for (size_t k = 0; k < subnets.n && k < RANGES_MAX; k++) {
			if (addr_parse(subnets.v[k], &whole) || a.prefix < whole.prefix ||
			    !addr_within(&a, &whole))
				continue;
			if (one_each && used[k])
				opt_misuse("--%s: more than one in '%s'", what, subnets.v[k]);
			inside = used[k] = true;
		}
		if (!inside)
			opt_misuse("--%s: '%s' is in no --subnet", what, addresses->v[i]);
	}
}

static void check_labels(void)
{
	for (size_t i = 0; i < labels.n; i++) {
		if (!*labels.v[i] || *labels.v[i] == '=' ||
		    !str_is_utf8(labels.v[i], strlen(labels.v[i])))
			opt_misuse("not a label: '%s'", labels.v[i]);
	}
}

static void free_options(void)
{
	strv_free(&subnets);
	strv_free(&gateways);
	strv_free(&parts);
	strv_free(&reserved);
	strv_free(&labels);
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
	if (!str_is_name(t.name) || str_eq(t.name, "none") || str_eq(t.name, "host") ||
	    rootless_is(t.name))
		opt_misuse("not a network's name: '%s'", t.name);
	check_driver();
	check_labels();
	check_within(&gateways, "gateway", true);
	check_within(&parts, "part", true);
	check_within(&reserved, "reserve", false);
	if (parts.n && (range_start || range_end))
		opt_misuse("--part does not go with --first and --last");
	if (!ipv4 && has_family(false))
		opt_misuse("--ipv4=false with an IPv4 --subnet");
	if (!ipv4 && !ipv6 && !has_family(true))
		opt_misuse("neither IPv4 nor IPv6");
	t.bridge = bridge;
	network_each(look_network, &t);
	if (t.name_taken)
		diex("network '%s' exists", t.name);
	if (t.bridge_taken)
		diex("bridge '%s' is another network's", bridge);
	/* A link of its own on somebody's network has no addresses of our choosing. */
	if (ipv4 && !has_family(false) && (str_eq(driver, "bridge") || str_eq(driver, "ptp")) &&
	    !dhcp)
		choose_subnet();
	if (ipv6 && !has_family(true))
		choose_ula(t.name);
	if (!bridge && str_eq(driver, "bridge"))
		bridge = choose_bridge(name);
	write_network(t.name);
	printf("%s\n", t.name);
	free_options();
	return 0;
}
