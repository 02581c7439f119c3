#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/nl.h"

int nl_open(struct nl *nl)
{
	int on = 1;

	memset(nl, 0, offsetof(struct nl, labels));
	nl->first = 1;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (nl->fd < 0)
		return -1;
	/* Both only make errors tell more. */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

void nl_close(struct nl *nl)
{
	close_fd(&nl->fd);
	nl->fd = -1;
}

/* Start a message: header, then room for the family's own header, zeroed. LABEL and NAME are for
 * nl_what. */
static struct nlmsghdr *message(struct nl *nl, int type, int flags, const char *label,
				const char *name)
{
	unsigned n = nl->seq + 1 - nl->first;
	struct nlmsghdr *h;

	if (n >= NL_BATCH_MAX || nl->used + 1024 > sizeof(nl->data))
		abort();
	h = mnl_nlmsg_put_header(nl->data + nl->used);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = ++nl->seq;
	nl->labels[n] = label;
	snprintf(nl->names[n], sizeof(nl->names[n]), "%s", name);
	return h;
}

static void finish(struct nl *nl, const struct nlmsghdr *h)
{
	nl->used += MNL_ALIGN(h->nlmsg_len);
}

static struct ifinfomsg *put_ifinfo(struct nlmsghdr *h, bool up)
{
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(h, sizeof(*ifi));

	ifi->ifi_family = AF_UNSPEC;
	if (up)
		ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	return ifi;
}

static void put_peer(struct nlmsghdr *h, const struct nl_link *l)
{
	struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	struct nlattr *peer = mnl_attr_nest_start(h, VETH_INFO_PEER);

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, l->peer_name);
	if (l->peer_mac)
		mnl_attr_put(h, IFLA_ADDRESS, NL_MAC_BYTES, l->peer_mac);
	if (l->mtu)
		mnl_attr_put_u32(h, IFLA_MTU, l->mtu);
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, l->peer_netns_fd);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, data);
}

void nl_link_add(struct nl *nl, const struct nl_link *l)
{
	struct nlmsghdr *h = message(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "create link",
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
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, l->kind);
	if (l->peer_name)
		put_peer(h, l);
	mnl_attr_nest_end(h, info);
	finish(nl, h);
}

void nl_link_up(struct nl *nl, const char *name)
{
	struct nlmsghdr *h = message(nl, RTM_NEWLINK, 0, "set up link", name);

	put_ifinfo(h, true);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	finish(nl, h);
}

void nl_link_del(struct nl *nl, const char *name)
{
	struct nlmsghdr *h = message(nl, RTM_DELLINK, 0, "delete link", name);

	put_ifinfo(h, false);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	finish(nl, h);
}

void nl_link_down(struct nl *nl, const char *name)
{
	struct nlmsghdr *h = message(nl, RTM_NEWLINK, 0, "set down link", name);
	struct ifinfomsg *ifi = put_ifinfo(h, false);

	ifi->ifi_change = IFF_UP;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	finish(nl, h);
}

void nl_port_set(struct nl *nl, const char *name, bool hairpin, bool isolated)
{
	struct nlmsghdr *h = message(nl, RTM_NEWLINK, 0, "set bridge port", name);
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
	finish(nl, h);
}

void nl_link_conf4(struct nl *nl, const char *name, int conf, uint32_t value)
{
	struct nlmsghdr *h = message(nl, RTM_SETLINK, 0, "configure link", name);
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
	finish(nl, h);
}

static size_t addr_bytes(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

void nl_addr_add(struct nl *nl, unsigned ifindex, const struct nl_addr *a)
{
	struct nlmsghdr *h = message(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
				     "add address to", "interface");
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(h, sizeof(*ifa));
	uint8_t broadcast[4];

	ifa->ifa_family = a->family;
	ifa->ifa_prefixlen = a->prefix;
	ifa->ifa_index = ifindex;
	mnl_attr_put(h, IFA_LOCAL, addr_bytes(a->family), a->bytes);
	mnl_attr_put(h, IFA_ADDRESS, addr_bytes(a->family), a->bytes);
	if (a->family == AF_INET6) {
		ifa->ifa_flags = IFA_F_NODAD;
	} else if (a->prefix < 31) {
		for (int i = 0; i < 4; i++) {
			int host_bits = 8 * (i + 1) - a->prefix;

			broadcast[i] = a->bytes[i];
			if (host_bits > 0)
				broadcast[i] |= host_bits >= 8 ? 0xff : (1 << host_bits) - 1;
		}
		mnl_attr_put(h, IFA_BROADCAST, sizeof(broadcast), broadcast);
	}
	finish(nl, h);
}

void nl_route_add(struct nl *nl, unsigned ifindex, const struct nl_addr *dst,
		  const struct nl_addr *gateway)
{
	struct nlmsghdr *h = message(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "add route by",
				     "interface");
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));

	rt->rtm_family = dst->family;
	rt->rtm_dst_len = dst->prefix;
	rt->rtm_table = RT_TABLE_MAIN;
	rt->rtm_protocol = RTPROT_STATIC;
	rt->rtm_scope = gateway->family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	rt->rtm_type = RTN_UNICAST;
	if (dst->prefix)
		mnl_attr_put(h, RTA_DST, addr_bytes(dst->family), dst->bytes);
	if (gateway->family)
		mnl_attr_put(h, RTA_GATEWAY, addr_bytes(gateway->family), gateway->bytes);
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
	finish(nl, h);
}

/* The kernel's own explanation, from an error message's attributes. */
static const char *kernel_words(const struct nlmsghdr *h)
{
	const struct nlattr *attr;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	mnl_attr_for_each(attr, h, sizeof(struct nlmsgerr))
	{
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return mnl_attr_get_str(attr);
	}
	return NULL;
}

static void note_failure(struct nl *nl, const struct nlmsghdr *h)
{
	unsigned n = h->nlmsg_seq - nl->first;
	const char *words = kernel_words(h);

	if (n >= NL_BATCH_MAX)
		return;
	snprintf(nl->what, sizeof(nl->what), "%s '%s'%s%s%s", nl->labels[n], nl->names[n],
		 words ? " (" : "", words ? words : "", words ? ")" : "");
}

/* Read one datagram of answers to this batch. Returns 1 when the last message was answered, else 0.
 */
static int read_acks(struct nl *nl, int *error)
{
	char in[4096] __attribute__((aligned(8)));
	ssize_t got = recv(nl->fd, in, sizeof(in), 0);
	int len = got;

	if (got < 0)
		return errno == EINTR ? 0 : -1;
	for (const struct nlmsghdr *h = (void *)in; mnl_nlmsg_ok(h, len);
	     h = mnl_nlmsg_next(h, &len)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

		if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq < nl->first)
			continue;
		if (e->error && !*error) {
			*error = -e->error;
			note_failure(nl, h);
		}
		if (h->nlmsg_seq == nl->seq)
			return 1;
	}
	return 0;
}

static int send_batch(struct nl *nl)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent = sendto(nl->fd, nl->data, nl->used, 0, (void *)&kernel, sizeof(kernel));

	nl->used = 0;
	return sent < 0 ? -1 : 0;
}

static struct nlmsghdr *last_message(struct nl *nl)
{
	struct nlmsghdr *h = (void *)nl->data;
	int len = nl->used;

	while (h->nlmsg_seq != nl->seq)
		h = mnl_nlmsg_next(h, &len);
	return h;
}

int nl_commit(struct nl *nl)
{
	int error = 0, done = 0;

	if (!nl->used)
		return 0;
	nl->what[0] = '\0';
	nl->first = ((struct nlmsghdr *)nl->data)->nlmsg_seq;
	/* Failures are reported unasked; one success, the last, says that all are through. */
	last_message(nl)->nlmsg_flags |= NLM_F_ACK;
	if (send_batch(nl) < 0)
		return -1;
	while (!done) {
		done = read_acks(nl, &error);
		if (done < 0)
			return -1;
	}
	nl->first = nl->seq + 1;
	return error ? set_errno(error) : 0;
}

const char *nl_what(const struct nl *nl)
{
	return nl->what[0] ? nl->what : "talk to the kernel by netlink";
}

static void take_link(const struct nlmsghdr *h, struct nl_found *found)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *attr;

	*found = (struct nl_found){ .ifindex = ifi->ifi_index, .flags = ifi->ifi_flags };
	mnl_attr_for_each(attr, h, sizeof(*ifi))
	{
		if (mnl_attr_get_type(attr) == IFLA_MASTER)
			found->master = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_ADDRESS &&
		    mnl_attr_get_payload_len(attr) == NL_MAC_BYTES)
			memcpy(found->mac, mnl_attr_get_payload(attr), NL_MAC_BYTES);
	}
}

int nl_link_find(struct nl *nl, const char *name, struct nl_found *found)
{
	char in[8192] __attribute__((aligned(8)));
	struct nlmsghdr *h = message(nl, RTM_GETLINK, 0, "find link", name);
	ssize_t got;

	put_ifinfo(h, false);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	finish(nl, h);
	nl->what[0] = '\0';
	if (send_batch(nl) < 0)
		return -1;
	do
		got = recv(nl->fd, in, sizeof(in), 0);
	while (got < 0 && errno == EINTR);
	h = (void *)in;
	if (got < 0 || !mnl_nlmsg_ok(h, got))
		return -1;
	if (h->nlmsg_type == NLMSG_ERROR) {
		note_failure(nl, h);
		nl->first = nl->seq + 1;
		return set_errno(-((struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error);
	}
	nl->first = nl->seq + 1;
	take_link(h, found);
	return 0;
}
