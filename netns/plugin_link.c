/* macvlan, ipvlan, vlan, dummy: a link made right in the namespace. */
#include <linux/if_link.h>
#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "netns/plugin.h"

struct conf {
	char *master, *mac, *mode;
	uint32_t mtu, vlanId;
	bool linkInContainer;
};

static const struct field fields[] = {
	STR(struct conf, master, 0),
	STR(struct conf, mac, 0),
	STR(struct conf, mode, 0),
	U32(struct conf, mtu, 0),
	U32(struct conf, vlanId, 0),
	BOOL(struct conf, linkInContainer),
	END,
};
static const struct schema schema = { sizeof(struct conf), fields };

static const struct mode {
	const char *kind, *name;
	unsigned value;
} modes[] = {
	{ "macvlan", "bridge", MACVLAN_MODE_BRIDGE },
	{ "macvlan", "private", MACVLAN_MODE_PRIVATE },
	{ "macvlan", "vepa", MACVLAN_MODE_VEPA },
	{ "macvlan", "passthru", MACVLAN_MODE_PASSTHRU },
	{ "ipvlan", "l2", IPVLAN_MODE_L2 },
	{ "ipvlan", "l3", IPVLAN_MODE_L3 },
	{ "ipvlan", "l3s", IPVLAN_MODE_L3S },
};

/* The first of a kind is its default. */
static unsigned mode_of(const char *kind, const char *name)
{
	bool has_modes = false;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (!str_eq(modes[i].kind, kind))
			continue;
		has_modes = true;
		if (!name || !*name || str_eq(modes[i].name, name))
			return modes[i].value;
	}
	if (has_modes)
		cni_fail(CNI_BAD_CONFIG, "unknown %s mode: '%s'", kind, name);
	return 0;
}

static int note_default(void *arg, const struct nl_addr *dst, unsigned ifindex)
{
	if (!dst->prefix && ifindex)
		*(unsigned *)arg = ifindex;
	return !dst->prefix && ifindex;
}

/* The link below: named, or where the default route goes. */
static void find_master(const struct call *c, const struct conf *conf, struct nl *nl,
			struct nl_found *master)
{
	unsigned ifindex = 0;
	/* ipvlan may stack upon what the plugin before it made. */
	const char *name = conf->master && *conf->master ? conf->master
			   : c->prev.ninterfaces	 ? c->prev.interfaces[0].name
							 : NULL;

	if (name) {
		if (nl_link_find(nl, name, master))
			die("failed to lookup master '%s'", name);
		return;
	}
	if (str_eq(c->type, "vlan"))
		cni_fail(CNI_BAD_CONFIG, "'master' is not set: which link is the VLAN on?");
	if (nl_route_each(nl, note_default, &ifindex) < 0)
		die("list routes");
	if (!ifindex)
		cni_fail(CNI_BAD_CONFIG, "no 'master', and no default route that would tell one");
	if (nl_link_find_index(nl, ifindex, master))
		die("%s", nl_what(nl));
}

static void make_link(const struct call *c, const struct conf *conf, struct nl *nl)
{
	struct nl_found master = { 0 };
	_free_ char *mac_wanted = cni_wanted_mac(c, conf->mac);
	uint8_t mac[NL_MAC_BYTES];
	struct nl_link link = {
		.name = c->ifname,
		.kind = c->type,
		.mtu = conf->mtu,
		.netns_fd = c->netns_fd,
		.mode = mode_of(c->type, conf->mode),
		.vlan_id = conf->vlanId,
	};

	if (!str_eq(c->type, "dummy")) {
		find_master(c, conf, nl, &master);
		if (conf->mtu > master.mtu)
			cni_fail(CNI_BAD_CONFIG, "invalid MTU %u, must be [0, master MTU (%u)]",
				 conf->mtu, master.mtu);
		link.parent = master.ifindex;
	}
	if (str_eq(c->type, "vlan") && (conf->vlanId > 4094))
		cni_fail(CNI_BAD_CONFIG, "invalid VLAN ID %u (must be between 0 and 4094)",
			 conf->vlanId);
	/* An ipvlan has its master's. */
	if (mac_wanted && !str_eq(c->type, "ipvlan")) {
		mac_parse(mac_wanted, mac);
		link.mac = mac;
	}
	nl_link_add(nl, &link);
	if (!nl_commit(nl))
		return;
	if (errno == EOPNOTSUPP)
		cni_fail(CNI_OTHER, "this kernel has no links of type '%s'", c->type);
	die("%s", nl_what(nl));
}

void link_add(const struct call *c, struct result *r)
{
	_nl_ struct nl nl = { .fd = -1 }, inside = { .fd = -1 };
	_free_ char *mac = NULL;
	struct conf conf = { 0 };
	struct nl_found found;

	cni_conf(c, NULL, &schema, &conf);
	inside_open(c, &inside);
	if (conf.linkInContainer)
		inside_open(c, &nl);
	else if (nl_open(&nl))
		die("open a netlink socket");
	make_link(c, &conf, &nl);
	cni_begin();
	if (nl_link_find(&inside, c->ifname, &found))
		die("%s", nl_what(&inside));
	mac = mac_text(found.mac);
	result_add_interface(r, c->ifname, mac, c->netns)->mtu = found.mtu;
	ipam_add(c, r, 0);
	inside_configure(c, r, false);
	decode_free(&schema, &conf);
}

void link_del(const struct call *c, struct result *r)
{
	inside_delete(c);
	ipam_run(c, r);
}

void link_check(const struct call *c, struct result *r)
{
	inside_check(c);
	ipam_run(c, r);
}
