#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lib/nl_private.h"

static size_t addr_bytes(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

void nl_addr_del(struct nl *nl, unsigned ifindex, const struct nl_addr *a)
{
	struct nlmsghdr *h = nl_message(nl, RTM_DELADDR, 0, "remove address of", "interface");
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(h, sizeof(*ifa));

	ifa->ifa_family = a->family;
	ifa->ifa_prefixlen = a->prefix;
	ifa->ifa_index = ifindex;
	mnl_attr_put(h, IFA_LOCAL, addr_bytes(a->family), a->bytes);
	nl_finish(nl, h);
}

static void add(struct nl *nl, unsigned ifindex, const struct nl_addr *a, uint32_t flags)
{
	struct nlmsghdr *h = nl_message(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
					"add address to", "interface");
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(h, sizeof(*ifa));
	uint8_t broadcast[4];

	ifa->ifa_family = a->family;
	ifa->ifa_prefixlen = a->prefix;
	ifa->ifa_index = ifindex;
	mnl_attr_put(h, IFA_LOCAL, addr_bytes(a->family), a->bytes);
	mnl_attr_put(h, IFA_ADDRESS, addr_bytes(a->family), a->bytes);
	if (a->family == AF_INET6)
		flags |= IFA_F_NODAD;
	mnl_attr_put_u32(h, IFA_FLAGS, flags);
	if (a->family == AF_INET && a->prefix < 31) {
		for (int i = 0; i < 4; i++) {
			int host_bits = 8 * (i + 1) - a->prefix;

			broadcast[i] = a->bytes[i];
			if (host_bits > 0)
				broadcast[i] |= host_bits >= 8 ? 0xff : (1 << host_bits) - 1;
		}
		mnl_attr_put(h, IFA_BROADCAST, sizeof(broadcast), broadcast);
	}
	nl_finish(nl, h);
}

void nl_addr_add(struct nl *nl, unsigned ifindex, const struct nl_addr *a)
{
	add(nl, ifindex, a, 0);
}

void nl_addr_add_bare(struct nl *nl, unsigned ifindex, const struct nl_addr *a)
{
	add(nl, ifindex, a, IFA_F_NOPREFIXROUTE);
}

struct addr_walk {
	unsigned ifindex;
	nl_addr_fn *fn;
	void *arg;
	int answer;
};

static int one_addr(const struct nlmsghdr *h, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(h);
	struct nl_addr a = { .family = ifa->ifa_family, .prefix = ifa->ifa_prefixlen };
	struct addr_walk *w = data;
	const struct nlattr *attr;
	bool local = false;

	if (w->answer || h->nlmsg_type != RTM_NEWADDR || ifa->ifa_index != w->ifindex)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, h, sizeof(*ifa))
	{
		int type = mnl_attr_get_type(attr);

		/* On a point-to-point link IFA_ADDRESS is the other end's. */
		if ((type == IFA_LOCAL || (type == IFA_ADDRESS && !local)) &&
		    mnl_attr_get_payload_len(attr) <= sizeof(a.bytes))
			memcpy(a.bytes, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
		local = local || type == IFA_LOCAL;
	}
	if (a.family == AF_INET || a.family == AF_INET6)
		w->answer = w->fn(w->arg, &a);
	return MNL_CB_OK;
}

int nl_addr_each(struct nl *nl, unsigned ifindex, nl_addr_fn *fn, void *arg)
{
	struct addr_walk w = { ifindex, fn, arg, 0 };

	return nl_dump(nl, RTM_GETADDR, sizeof(struct ifaddrmsg), one_addr, &w) ? -1 : w.answer;
}
