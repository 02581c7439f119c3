#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/nl.h"

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
	char buf[32768] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct walk w = { fn, arg, 0 };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int more = MNL_CB_OK;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++nl->seq;
	nl->first = nl->seq + 1;
	mnl_nlmsg_put_extra_header(h, sizeof(struct rtmsg));
	if (sendto(nl->fd, h, h->nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return -1;
	/* The whole answer is read even when FN has seen enough: the next question starts clean. */
	while (more > 0) {
		ssize_t got = recv(nl->fd, buf, sizeof(buf), 0);

		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			more = mnl_cb_run(buf, got, nl->seq, 0, one_route, &w);
	}
	return more < 0 ? -1 : w.answer;
}
