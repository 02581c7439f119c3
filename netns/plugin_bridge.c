/* bridge: a veth pair into a bridge of the host. ptp: a veth pair and nothing else. */
#include <fcntl.h>
#include <linux/ip.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "netns/plugin.h"

struct conf {
	char *bridge, *mac;
	bool isGateway, isDefaultGateway, forceAddress, ipMasq, hairpinMode, promiscMode;
	bool portIsolation;
	uint32_t mtu, vlan;
	struct json *vlanTrunk;
};

static const struct field fields[] = {
	STR(struct conf, bridge, 0),
	STR(struct conf, mac, 0),
	BOOL(struct conf, isGateway),
	BOOL(struct conf, isDefaultGateway),
	BOOL(struct conf, forceAddress),
	BOOL(struct conf, ipMasq),
	BOOL(struct conf, hairpinMode),
	BOOL(struct conf, promiscMode),
	BOOL(struct conf, portIsolation),
	U32(struct conf, mtu, 0),
	U32(struct conf, vlan, 0),
	TREE(struct conf, vlanTrunk, 0),
	END,
};
static const struct schema schema = { sizeof(struct conf), fields };

static void take_conf(const struct call *c, struct conf *conf)
{
	_free_ char *mac = NULL;

	cni_conf(c, NULL, &schema, conf);
	if (!conf->bridge || !*conf->bridge) {
		free(conf->bridge);
		conf->bridge = xstrdup("cni0");
	}
	mac = cni_wanted_mac(c, conf->mac);
	free(conf->mac);
	conf->mac = steal_ptr(&mac);
	conf->isGateway = conf->isGateway || conf->isDefaultGateway;
	if (!cni_is_ifname(conf->bridge))
		cni_fail(CNI_BAD_CONFIG, "bridge: not an interface name: '%s'", conf->bridge);
	if (conf->hairpinMode && conf->promiscMode)
		cni_fail(CNI_BAD_CONFIG,
			 "cannot set hairpin mode and promiscuous mode at the same time");
	if (conf->vlan || (conf->vlanTrunk && conf->vlanTrunk->child))
		cni_fail(CNI_UNSUPPORTED, "vlan, vlanTrunk: bridges here do not filter VLANs");
}

/* Make the bridge where it is missing; a link of another kind is not ours to use. */
static void make_bridge(const struct conf *conf, struct nl *nl, struct nl_found *found)
{
	uint8_t mac[NL_MAC_BYTES];
	struct nl_link link = {
		.name = conf->bridge, .kind = "bridge", .mac = mac, .mtu = conf->mtu, .up = true
	};

	if (nl_link_find(nl, conf->bridge, found)) {
		mac_random(mac);
		nl_link_add(nl, &link);
		/* EEXIST: a plugin beside us was faster. */
		if (nl_commit(nl) && errno != EEXIST)
			die("%s", nl_what(nl));
		if (nl_link_find(nl, conf->bridge, found))
			die("%s", nl_what(nl));
	}
	if (!str_eq(found->kind, "bridge"))
		diex("'%s' already exists but is not a bridge", conf->bridge);
	nl_link_up(nl, conf->bridge);
	if (conf->promiscMode)
		nl_link_set_flags(nl, conf->bridge, IFF_PROMISC, true);
	if (nl_commit(nl))
		die("%s", nl_what(nl));
}

static void make_veth(const struct call *c, struct nl *nl, const char *host,
		      const struct nl_link *more)
{
	struct nl_link link = *more;

	link.name = host;
	link.kind = "veth";
	link.up = true;
	link.peer_name = c->ifname;
	link.peer_netns_fd = c->netns_fd;
	nl_link_add(nl, &link);
}

static void add_default_routes(struct result *r)
{
	for (size_t i = 0; i < r->nips; i++) {
		const char *dst = strchr(r->ips[i].address, ':') ? "::/0" : "0.0.0.0/0";
		bool there = false;

		for (size_t j = 0; j < r->nroutes; j++)
			there = there || str_eq(r->routes[j].dst, dst);
		if (!there)
			result_add_route(r, dst, r->ips[i].gateway);
	}
}

/* The gateway is the bridge's address: the subnet's first where IPAM says none. */
static void choose_gateways(struct result *r)
{
	for (size_t i = 0; i < r->nips; i++) {
		struct nl_addr a;
		char text[ADDR_TEXT_MAX];

		if (r->ips[i].gateway || addr_parse(r->ips[i].address, &a))
			continue;
		a = addr_lowest(&a);
		a = addr_step(&a, 1);
		r->ips[i].gateway = xstrdup(addr_text(&a, false, text));
	}
}

struct other {
	const struct nl_addr *want;
	bool there;
	struct nl_addr other;
};

static int note_other(void *arg, const struct nl_addr *a)
{
	struct other *o = arg;
	static const struct nl_addr link_local = { AF_INET6, { 0xfe, 0x80 }, 10 };

	if (a->family != o->want->family || addr_within(a, &link_local))
		return 0;
	if (addr_equal(a, o->want) && a->prefix == o->want->prefix)
		o->there = true;
	/* IPv6 has many addresses, so long as their subnets are apart. */
	else if (a->family == AF_INET || addr_overlaps(a, o->want))
		o->other = *a;
	return 0;
}

static void give_address(const struct conf *conf, struct nl *nl, unsigned ifindex,
			 const struct nl_addr *gw)
{
	struct other o = { .want = gw };
	char text[ADDR_TEXT_MAX];

	if (nl_addr_each(nl, ifindex, note_other, &o))
		die("list addresses of '%s'", conf->bridge);
	if (o.other.family && !conf->forceAddress)
		diex("'%s' already has an IP address different from %s", conf->bridge,
		     addr_text(gw, true, text));
	if (o.other.family)
		nl_addr_del(nl, ifindex, &o.other);
	if (!o.there)
		nl_addr_add(nl, ifindex, gw);
	if (nl_commit(nl))
		die("%s of '%s'", nl_what(nl), conf->bridge);
}

static void give_addresses(const struct conf *conf, struct nl *nl, unsigned ifindex,
			   const struct result *r)
{
	for (size_t i = 0; i < r->nips; i++) {
		struct nl_addr a, gw;

		if (addr_parse(r->ips[i].address, &a) || addr_parse(r->ips[i].gateway, &gw))
			continue;
		gw.prefix = a.prefix;
		give_address(conf, nl, ifindex, &gw);
	}
}

static void forward(const struct result *r)
{
	_nft_ struct nft nft = { .fd = -1 };

	table_open(&nft);
	for (size_t i = 0; i < r->nips; i++) {
		int family = strchr(r->ips[i].address, ':') ? AF_INET6 : AF_INET;

		if (forward_is_off(family)) {
			table_ensure(&nft);
			forward_on(&nft, family);
		}
	}
}

static void masquerade(const struct call *c, const struct result *r, const char *link)
{
	_attachment_ struct attachment a = mark_attachment(c, r, link);

	if (mark_set(c, MARK_MASQ, &a))
		die("masquerade '%s'", c->id);
}

static char *mac_of(struct nl *nl, const char *name)
{
	struct nl_found found;

	if (nl_link_find(nl, name, &found))
		die("%s", nl_what(nl));
	return mac_text(found.mac);
}

static void note_interfaces(const struct call *c, struct nl *host, const char *bridge,
			    const char *veth, struct result *r)
{
	_nl_ struct nl inside = { .fd = -1 };
	_free_ char *veth_mac = mac_of(host, veth), *mac = NULL, *bridge_mac = NULL;

	inside_open(c, &inside);
	mac = mac_of(&inside, c->ifname);
	if (bridge) {
		bridge_mac = mac_of(host, bridge);
		result_add_interface(r, bridge, bridge_mac, NULL);
	}
	result_add_interface(r, veth, veth_mac, NULL);
	result_add_interface(r, c->ifname, mac, c->netns);
}

void bridge_add(const struct call *c, struct result *r)
{
	_nl_ struct nl nl = { .fd = -1 };
	_free_ char *veth = random_link_name();
	struct conf conf = { 0 };
	struct nl_found bridge;
	uint8_t mac[NL_MAC_BYTES];

	take_conf(c, &conf);
	if (nl_open(&nl))
		die("open a netlink socket");
	make_bridge(&conf, &nl, &bridge);
	if (conf.mac)
		mac_parse(conf.mac, mac);
	else
		mac_random(mac);
	make_veth(c, &nl, veth,
		  &(struct nl_link){ .mtu = conf.mtu, .master = bridge.ifindex, .peer_mac = mac });
	nl_port_set(&nl, veth, conf.hairpinMode, conf.portIsolation);
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
	cni_begin();
	note_interfaces(c, &nl, conf.bridge, veth, r);
	ipam_add(c, r, 2);
	if (conf.isGateway) {
		choose_gateways(r);
		give_addresses(&conf, &nl, bridge.ifindex, r);
		forward(r);
	}
	if (conf.isDefaultGateway)
		add_default_routes(r);
	inside_configure(c, r, false);
	if (conf.ipMasq && r->nips)
		masquerade(c, r, conf.bridge);
	decode_free(&schema, &conf);
}

void bridge_del(const struct call *c, struct result *r)
{
	mark_clear(c, MARK_MASQ);
	inside_delete(c);
	ipam_run(c, r);
}

void bridge_check(const struct call *c, struct result *r)
{
	_nl_ struct nl nl = { .fd = -1 };
	struct conf conf = { 0 };
	struct nl_found found;

	take_conf(c, &conf);
	if (nl_open(&nl))
		die("open a netlink socket");
	if (nl_link_find(&nl, conf.bridge, &found))
		die("%s", nl_what(&nl));
	if (!str_eq(found.kind, "bridge") || !(found.flags & IFF_UP))
		diex("'%s' is no bridge that is up", conf.bridge);
	inside_check(c);
	if (conf.ipMasq && mark_check(c, MARK_MASQ))
		diex("'%s' is not masqueraded", c->id);
	decode_free(&schema, &conf);
	ipam_run(c, r);
}

void bridge_gc(const struct call *c, struct result *r)
{
	mark_gc(c, MARK_MASQ);
	ipam_run(c, r);
}

void table_status(const struct call *c _unused_, struct result *r _unused_)
{
	_nft_ struct nft nft = { .fd = -1 };

	cni_set_code(CNI_NOT_AVAILABLE);
	table_open(&nft);
	if (nft_has_table(&nft) < 0)
		die("ask for nf_tables table '%s'", nft.table);
	cni_set_code(CNI_OTHER);
}

void bridge_status(const struct call *c, struct result *r)
{
	table_status(c, r);
	ipam_run(c, r);
}

/* The host's end has the gateways' addresses, each for itself, and a route to every address. */
static void configure_host_end(const char *veth, struct nl *nl, const struct result *r)
{
	struct nl_found found;

	if (nl_link_find(nl, veth, &found))
		die("%s", nl_what(nl));
	for (size_t i = 0; i < r->nips; i++) {
		struct nl_route to = { 0 };
		struct nl_addr gw;

		if (addr_parse(r->ips[i].gateway, &gw) || addr_parse(r->ips[i].address, &to.dst))
			continue;
		to.dst.prefix = 8 * addr_bytes(&to.dst);
		nl_addr_add(nl, found.ifindex, &gw);
		nl_route_put(nl, found.ifindex, &to);
	}
	if (nl_commit(nl))
		die("%s of '%s'", nl_what(nl), veth);
}

void ptp_add(const struct call *c, struct result *r)
{
	_nl_ struct nl nl = { .fd = -1 };
	_free_ char *veth = random_link_name();
	struct conf conf = { 0 };

	take_conf(c, &conf);
	if (nl_open(&nl))
		die("open a netlink socket");
	make_veth(c, &nl, veth, &(struct nl_link){ .mtu = conf.mtu });
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
	cni_begin();
	note_interfaces(c, &nl, NULL, veth, r);
	ipam_add(c, r, 1);
	if (!r->nips)
		cni_fail(CNI_BAD_CONFIG, "ptp needs addresses: no ipam");
	choose_gateways(r);
	configure_host_end(veth, &nl, r);
	inside_configure(c, r, true);
	forward(r);
	if (conf.ipMasq)
		masquerade(c, r, veth);
	decode_free(&schema, &conf);
}

void ptp_del(const struct call *c, struct result *r)
{
	bridge_del(c, r);
}

void ptp_gc(const struct call *c, struct result *r)
{
	bridge_gc(c, r);
}
