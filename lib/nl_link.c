#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/nl_private.h"
#include "lib/str.h"

static struct ifinfomsg *put_ifinfo(struct nlmsghdr *h, bool up)
{
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(h, sizeof(*ifi));

	ifi->ifi_family = AF_UNSPEC;
	if (up)
		ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	return ifi;
}

/* What is particular to the kind of link. */
static void put_kind(struct nlmsghdr *h, const struct nl_link *l)
{
	struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_DATA);

	if (str_eq(l->kind, "macvlan"))
		mnl_attr_put_u32(h, IFLA_MACVLAN_MODE, l->mode);
	else if (str_eq(l->kind, "ipvlan"))
		mnl_attr_put_u16(h, IFLA_IPVLAN_MODE, l->mode);
	else if (str_eq(l->kind, "vlan"))
		mnl_attr_put_u16(h, IFLA_VLAN_ID, l->vlan_id);
	else if (str_eq(l->kind, "bridge"))
		/* Without a querier, and there is none, snooping floods all the same; but each port
		 * that comes or goes starts the timers of all. */
		mnl_attr_put_u8(h, IFLA_BR_MCAST_SNOOPING, 0);
	mnl_attr_nest_end(h, data);
}

/* A veth has no hardware to feed from several queues and takes no lock to send; left alone it gets
 * two for each processor there might ever be, and each is directories and files in sysfs.
 */
static void put_one_queue(struct nlmsghdr *h)
{
	mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
}

static void put_peer(struct nlmsghdr *h, const struct nl_link *l)
{
	struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	struct nlattr *peer = mnl_attr_nest_start(h, VETH_INFO_PEER);

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, l->peer_name);
	put_one_queue(h);
	if (l->peer_mac)
		mnl_attr_put(h, IFLA_ADDRESS, NL_MAC_BYTES, l->peer_mac);
	if (l->mtu)
		mnl_attr_put_u32(h, IFLA_MTU, l->mtu);
	if (l->peer_netns_fd)
		mnl_attr_put_u32(h, IFLA_NET_NS_FD, l->peer_netns_fd);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, data);
}

void nl_link_add(struct nl *nl, const struct nl_link *l)
{
	struct nlmsghdr *h = nl_message(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "create link",
					l->name);
	struct nlattr *info;

	put_ifinfo(h, l->up);
	mnl_attr_put_strz(h, IFLA_IFNAME, l->name);
	if (l->mac)
		mnl_attr_put(h, IFLA_ADDRESS, NL_MAC_BYTES, l->mac);
	if (l->mtu)
		mnl_attr_put_u32(h, IFLA_MTU, l->mtu);
	if (l->master)
		mnl_attr_put_u32(h, IFLA_MASTER, l->master);
	if (l->parent)
		mnl_attr_put_u32(h, IFLA_LINK, l->parent);
	if (l->netns_fd)
		mnl_attr_put_u32(h, IFLA_NET_NS_FD, l->netns_fd);
	if (l->peer_name)
		put_one_queue(h);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, l->kind);
	if (l->peer_name)
		put_peer(h, l);
	else
		put_kind(h, l);
	mnl_attr_nest_end(h, info);
	nl_finish(nl, h);
}

void nl_link_up(struct nl *nl, const char *name)
{
	struct nlmsghdr *h = nl_message(nl, RTM_NEWLINK, 0, "set up link", name);

	put_ifinfo(h, true);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	nl_finish(nl, h);
}

void nl_link_del(struct nl *nl, const char *name)
{
	struct nlmsghdr *h = nl_message(nl, RTM_DELLINK, 0, "delete link", name);

	put_ifinfo(h, false);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	nl_finish(nl, h);
}

void nl_link_down(struct nl *nl, const char *name)
{
	struct nlmsghdr *h = nl_message(nl, RTM_NEWLINK, 0, "set down link", name);
	struct ifinfomsg *ifi = put_ifinfo(h, false);

	ifi->ifi_change = IFF_UP;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	nl_finish(nl, h);
}

/* A change of the link NAME, to be filled in. */
static struct nlmsghdr *change(struct nl *nl, const char *label, const char *name)
{
	struct nlmsghdr *h = nl_message(nl, RTM_NEWLINK, 0, label, name);

	put_ifinfo(h, false);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return h;
}

void nl_link_move(struct nl *nl, unsigned ifindex, const char *new_name, int netns_fd)
{
	struct nlmsghdr *h = nl_message(nl, RTM_NEWLINK, 0, "move link to",
					new_name ? new_name : "another namespace");

	put_ifinfo(h, false)->ifi_index = ifindex;
	if (new_name)
		mnl_attr_put_strz(h, IFLA_IFNAME, new_name);
	if (netns_fd)
		mnl_attr_put_u32(h, IFLA_NET_NS_FD, netns_fd);
	nl_finish(nl, h);
}

void nl_link_set_master(struct nl *nl, const char *name, unsigned master)
{
	struct nlmsghdr *h = change(nl, "set master of link", name);

	mnl_attr_put_u32(h, IFLA_MASTER, master);
	nl_finish(nl, h);
}

void nl_link_set_mac(struct nl *nl, const char *name, const uint8_t mac[NL_MAC_BYTES])
{
	struct nlmsghdr *h = change(nl, "set MAC address of link", name);

	mnl_attr_put(h, IFLA_ADDRESS, NL_MAC_BYTES, mac);
	nl_finish(nl, h);
}

void nl_link_set_mtu(struct nl *nl, const char *name, unsigned mtu)
{
	struct nlmsghdr *h = change(nl, "set MTU of link", name);

	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	nl_finish(nl, h);
}

void nl_link_set_txqlen(struct nl *nl, const char *name, unsigned len)
{
	struct nlmsghdr *h = change(nl, "set queue of link", name);

	mnl_attr_put_u32(h, IFLA_TXQLEN, len);
	nl_finish(nl, h);
}

void nl_link_set_flags(struct nl *nl, const char *name, unsigned flags, bool on)
{
	struct nlmsghdr *h = nl_message(nl, RTM_NEWLINK, 0, "set flags of link", name);
	struct ifinfomsg *ifi = put_ifinfo(h, false);

	ifi->ifi_change = flags;
	ifi->ifi_flags = on ? flags : 0;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	nl_finish(nl, h);
}

void nl_port_set(struct nl *nl, const char *name, bool hairpin, bool isolated)
{
	struct nlmsghdr *h = nl_message(nl, RTM_NEWLINK, 0, "set bridge port", name);
	struct nlattr *info, *data;

	put_ifinfo(h, false);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_SLAVE_KIND, "bridge");
	data = mnl_attr_nest_start(h, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u8(h, IFLA_BRPORT_MODE, hairpin);
	mnl_attr_put_u8(h, IFLA_BRPORT_ISOLATED, isolated);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	nl_finish(nl, h);
}

void nl_link_conf4(struct nl *nl, const char *name, int conf, uint32_t value)
{
	struct nlmsghdr *h = nl_message(nl, RTM_SETLINK, 0, "configure link", name);
	struct nlattr *spec, *inet, *confs;

	put_ifinfo(h, false);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	inet = mnl_attr_nest_start(h, AF_INET);
	confs = mnl_attr_nest_start(h, IFLA_INET_CONF);
	mnl_attr_put_u32(h, conf, value);
	mnl_attr_nest_end(h, confs);
	mnl_attr_nest_end(h, inet);
	mnl_attr_nest_end(h, spec);
	nl_finish(nl, h);
}

static void take_kind(const struct nlattr *info, struct nl_found *found)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info)
	{
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			snprintf(found->kind, sizeof(found->kind), "%s", mnl_attr_get_str(attr));
	}
}

static void take_link(const struct nlmsghdr *h, struct nl_found *found)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *attr;

	*found = (struct nl_found){ .ifindex = ifi->ifi_index, .flags = ifi->ifi_flags };
	mnl_attr_for_each(attr, h, sizeof(*ifi))
	{
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			snprintf(found->name, sizeof(found->name), "%s", mnl_attr_get_str(attr));
		if (mnl_attr_get_type(attr) == IFLA_MTU)
			found->mtu = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_LINK)
			found->parent = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			take_kind(attr, found);
		if (mnl_attr_get_type(attr) == IFLA_MASTER)
			found->master = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_ADDRESS &&
		    mnl_attr_get_payload_len(attr) == NL_MAC_BYTES)
			memcpy(found->mac, mnl_attr_get_payload(attr), NL_MAC_BYTES);
	}
}

/* NAME, or where that is NULL the index. */
static int find(struct nl *nl, const char *name, unsigned ifindex, struct nl_found *found)
{
	char in[8192] __attribute__((aligned(8)));
	struct nlmsghdr *h = nl_message(nl, RTM_GETLINK, 0, "find link", name ? name : "by index");
	ssize_t got;

	put_ifinfo(h, false)->ifi_index = ifindex;
	if (name)
		mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_finish(nl, h);
	nl->what[0] = '\0';
	if (nl_send(nl) < 0)
		return -1;
	do
		got = recv(nl->fd, in, sizeof(in), 0);
	while (got < 0 && errno == EINTR);
	h = (void *)in;
	if (got < 0 || !mnl_nlmsg_ok(h, got))
		return -1;
	if (h->nlmsg_type == NLMSG_ERROR) {
		nl_note_failure(nl, h);
		nl->first = nl->seq + 1;
		return set_errno(-((struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error);
	}
	nl->first = nl->seq + 1;
	take_link(h, found);
	return 0;
}

int nl_link_find(struct nl *nl, const char *name, struct nl_found *found)
{
	return find(nl, name, 0, found);
}

int nl_link_find_index(struct nl *nl, unsigned ifindex, struct nl_found *found)
{
	return find(nl, NULL, ifindex, found);
}

int nl_link_look(struct nl *nl, const char *name, unsigned *ifindex, unsigned *flags)
{
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(nl->fd, SIOCGIFINDEX, &r))
		return -1;
	*ifindex = (unsigned)r.ifr_ifindex;
	if (ioctl(nl->fd, SIOCGIFFLAGS, &r))
		return -1;
	*flags = (unsigned short)r.ifr_flags;
	return 0;
}
