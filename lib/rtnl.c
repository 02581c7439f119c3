#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/rtnl.h"

/* One request: a header, the family's own, and a few attributes. */
struct request {
	struct nlmsghdr h;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
	};
	char attrs[256];
};

int rtnl_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static void begin(struct request *r, uint16_t type, uint16_t flags, size_t own)
{
	*r = (struct request){ .h = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags } };
	r->h.nlmsg_len = (uint32_t)NLMSG_LENGTH(own);
}

/* There is room for all that is put here: names and addresses. */
static void put(struct request *r, uint16_t type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)((char *)r + NLMSG_ALIGN(r->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->h.nlmsg_len = NLMSG_ALIGN(r->h.nlmsg_len) + (uint32_t)RTA_ALIGN(a->rta_len);
}

static int send_request(int fd, const struct request *r)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(fd, r, r->h.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -1
												: 0;
}

static ssize_t receive(int fd, void *buf, size_t size)
{
	ssize_t n;

	do {
		n = recv(fd, buf, size, 0);
	} while (n < 0 && errno == EINTR);
	return n;
}

static int error_of(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	return e->error ? set_errno(-e->error) : 0;
}

/* Send R and take the kernel's verdict. */
static int ask(int fd, struct request *r)
{
	char buf[4096] __attribute__((aligned(8)));
	const struct nlmsghdr *h = (const struct nlmsghdr *)buf;
	ssize_t n;

	r->h.nlmsg_flags |= NLM_F_ACK;
	if (send_request(fd, r))
		return -1;
	n = receive(fd, buf, sizeof(buf));
	if (n < 0)
		return -1;
	if (!NLMSG_OK(h, (size_t)n) || h->nlmsg_type != NLMSG_ERROR)
		return set_errno(EPROTO);
	return error_of(h);
}

int rtnl_link_find(int fd, const char *name, int *ifindex, unsigned int *flags)
{
	struct ifreq req = { 0 };

	if (strlen(name) >= sizeof(req.ifr_name))
		return set_errno(ENODEV);
	memcpy(req.ifr_name, name, strlen(name));
	if (ioctl(fd, SIOCGIFINDEX, &req))
		return -1;
	*ifindex = req.ifr_ifindex;
	if (ioctl(fd, SIOCGIFFLAGS, &req))
		return -1;
	*flags = (unsigned short)req.ifr_flags;
	return 0;
}

int rtnl_link_move(int fd, int ifindex, int netnsfd, const char *to)
{
	struct request r;

	begin(&r, RTM_NEWLINK, 0, sizeof(r.link));
	r.link.ifi_index = ifindex;
	r.link.ifi_change = IFF_UP;
	put(&r, IFLA_NET_NS_FD, &netnsfd, sizeof(netnsfd));
	put(&r, IFLA_IFNAME, to, strnlen(to, IFNAMSIZ - 1) + 1);
	return ask(fd, &r);
}

int rtnl_link_up(int fd, const char *name)
{
	struct ifreq req = { 0 };

	if (strlen(name) >= sizeof(req.ifr_name))
		return set_errno(ENODEV);
	memcpy(req.ifr_name, name, strlen(name));
	if (ioctl(fd, SIOCGIFFLAGS, &req))
		return -1;
	req.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &req);
}

static size_t addr_bytes(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

static bool take(uint8_t bytes[16], const struct rtattr *a)
{
	memcpy(bytes, RTA_DATA(a), RTA_PAYLOAD(a) < 16 ? RTA_PAYLOAD(a) : 16);
	return true;
}

/* False for what will come back by itself, or is only of use on the link. */
static bool read_addr(const struct nlmsghdr *h, int ifindex, struct rtnl_addr *out)
{
	const struct ifaddrmsg *ifa = NLMSG_DATA(h);
	const struct rtattr *a = IFA_RTA(ifa);
	size_t left = IFA_PAYLOAD(h);
	uint32_t flags = ifa->ifa_flags;

	*out = (struct rtnl_addr){ .family = ifa->ifa_family, .prefix = ifa->ifa_prefixlen };
	if (ifa->ifa_index != (uint32_t)ifindex || ifa->ifa_scope != RT_SCOPE_UNIVERSE ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return false;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) >= sizeof(flags))
			memcpy(&flags, RTA_DATA(a), sizeof(flags));
		else if (a->rta_type == IFA_LOCAL)
			out->has_local = take(out->local, a);
		else if (a->rta_type == IFA_ADDRESS)
			out->has_peer = take(out->peer, a);
		else if (a->rta_type == IFA_BROADCAST)
			out->has_broadcast = take(out->broadcast, a);
	}
	return flags & IFA_F_PERMANENT;
}

/* One datagram of a dump: 1 at its end, 0 when there is more, or -1. */
static int read_dump(const struct nlmsghdr *h, size_t len, int ifindex, rtnl_addr_fn *fn, void *arg)
{
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		struct rtnl_addr a;

		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return error_of(h);
		if (h->nlmsg_type == RTM_NEWADDR && read_addr(h, ifindex, &a))
			fn(arg, &a);
	}
	return 0;
}

int rtnl_addr_each(int fd, int ifindex, rtnl_addr_fn *fn, void *arg)
{
	char buf[32768] __attribute__((aligned(8)));
	struct request r;
	int end = 0;

	begin(&r, RTM_GETADDR, NLM_F_DUMP, sizeof(r.addr));
	if (send_request(fd, &r))
		return -1;
	while (!end) {
		ssize_t n = receive(fd, buf, sizeof(buf));

		if (n < 0)
			return -1;
		end = read_dump((const struct nlmsghdr *)buf, (size_t)n, ifindex, fn, arg);
	}
	return end < 0 ? -1 : 0;
}

int rtnl_addr_add(int fd, int ifindex, const struct rtnl_addr *a)
{
	size_t len = addr_bytes(a->family);
	struct request r;

	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof(r.addr));
	r.addr.ifa_family = a->family;
	r.addr.ifa_prefixlen = a->prefix;
	r.addr.ifa_index = (uint32_t)ifindex;
	r.addr.ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0;
	if (a->has_local)
		put(&r, IFA_LOCAL, a->local, len);
	if (a->has_peer)
		put(&r, IFA_ADDRESS, a->peer, len);
	if (a->has_broadcast)
		put(&r, IFA_BROADCAST, a->broadcast, len);
	return ask(fd, &r);
}
