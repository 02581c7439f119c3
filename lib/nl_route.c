#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lib/nl_private.h"

static size_t addr_bytes(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

static struct nlmsghdr *route_message(struct nl *nl, int type, int flags, const char *label,
				      const struct nl_addr *dst)
{
	struct nlmsghdr *h = nl_message(nl, type, flags, label, "interface");
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));

	rt->rtm_family = dst->family;
	rt->rtm_dst_len = dst->prefix;
	rt->rtm_table = RT_TABLE_MAIN;
	if (dst->prefix)
		mnl_attr_put(h, RTA_DST, addr_bytes(dst->family), dst->bytes);
	return h;
}

static void put_metrics(struct nlmsghdr *h, const struct nl_route *r)
{
	struct nlattr *nest;

	if (!r->mtu && !r->advmss)
		return;
	nest = mnl_attr_nest_start(h, RTA_METRICS);
	if (r->mtu)
		mnl_attr_put_u32(h, RTAX_MTU, r->mtu);
	if (r->advmss)
		mnl_attr_put_u32(h, RTAX_ADVMSS, r->advmss);
	mnl_attr_nest_end(h, nest);
}

static void put_route(struct nl *nl, unsigned ifindex, const struct nl_route *r, int flags)
{
	struct nlmsghdr *h = route_message(nl, RTM_NEWROUTE, NLM_F_CREATE | flags, "add route by",
					   &r->dst);
	struct rtmsg *rt = mnl_nlmsg_get_payload(h);

	rt->rtm_protocol = RTPROT_STATIC;
	rt->rtm_scope = r->gateway.family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	rt->rtm_type = RTN_UNICAST;
	if (r->gateway.family)
		mnl_attr_put(h, RTA_GATEWAY, addr_bytes(r->dst.family), r->gateway.bytes);
	if (r->priority)
		mnl_attr_put_u32(h, RTA_PRIORITY, r->priority);
	if (r->table)
		mnl_attr_put_u32(h, RTA_TABLE, r->table);
	put_metrics(h, r);
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
	nl_finish(nl, h);
}

void nl_route_add(struct nl *nl, unsigned ifindex, const struct nl_addr *dst,
		  const struct nl_addr *gateway)
{
	const struct nl_route r = { .dst = *dst, .gateway = *gateway };

	put_route(nl, ifindex, &r, NLM_F_EXCL);
}

void nl_route_put(struct nl *nl, unsigned ifindex, const struct nl_route *r)
{
	put_route(nl, ifindex, r, NLM_F_REPLACE);
}

void nl_route_del(struct nl *nl, unsigned ifindex, const struct nl_addr *dst)
{
	struct nlmsghdr *h = route_message(nl, RTM_DELROUTE, 0, "remove route by", dst);
	struct rtmsg *rt = mnl_nlmsg_get_payload(h);

	rt->rtm_scope = RT_SCOPE_NOWHERE;
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
	nl_finish(nl, h);
}

struct walk {
	nl_route_fn *fn;
	void *arg;
	int answer;
};

static int one_route(const struct nlmsghdr *h, void *data)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(h);
	struct walk *w = data;
	struct nl_addr dst = { .family = rt->rtm_family, .prefix = rt->rtm_dst_len };
	const struct nlattr *attr;
	unsigned ifindex = 0;

	if (w->answer || h->nlmsg_type != RTM_NEWROUTE || rt->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	if (rt->rtm_family != AF_INET && rt->rtm_family != AF_INET6)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, h, sizeof(*rt))
	{
		if (mnl_attr_get_type(attr) == RTA_DST &&
		    mnl_attr_get_payload_len(attr) <= sizeof(dst.bytes))
			memcpy(dst.bytes, mnl_attr_get_payload(attr),
			       mnl_attr_get_payload_len(attr));
		if (mnl_attr_get_type(attr) == RTA_OIF)
			ifindex = mnl_attr_get_u32(attr);
	}
	w->answer = w->fn(w->arg, &dst, ifindex);
	return MNL_CB_OK;
}

int nl_route_each(struct nl *nl, nl_route_fn *fn, void *arg)
{
	struct walk w = { fn, arg, 0 };

	return nl_dump(nl, RTM_GETROUTE, sizeof(struct rtmsg), one_route, &w) ? -1 : w.answer;
}
