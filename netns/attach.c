#include <fcntl.h>
#include <linux/ip.h>
#include <string.h>
#include <sys/file.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "netns/netns.h"

void host_open(struct host *host)
{
	if (nl_open(&host->nl))
		die("open a netlink socket");
	table_open(&host->nft);
}

void host_close(struct host *host)
{
	nl_close(&host->nl);
	nft_close(&host->nft);
}

static char *random_mac(void)
{
	uint8_t mac[NL_MAC_BYTES];

	mac_random(mac);
	return mac_text(mac);
}

static void add_hop(struct attachment *a, const char *dst, const char *gw)
{
	a->routes = xreallocarray(a->routes, a->nroutes + 1, sizeof(*a->routes));
	a->routes[a->nroutes++] = (struct hop){ xstrdup(dst), gw ? xstrdup(gw) : NULL };
}

/* The routes of the network, each by the gateway of its family; default routes only where wished
 * for. */
static void choose_routes(struct attachment *a, const struct network *net, const struct wish *wish)
{
	char dst[ADDR_TEXT_MAX], gw[ADDR_TEXT_MAX];

	for (size_t i = 0; i < net->nroutes; i++) {
		const struct route *r = &net->routes[i];

		if (r->dst.prefix)
			add_hop(a, addr_text(&r->dst, true, dst),
				r->gateway.family ? addr_text(&r->gateway, false, gw) : NULL);
	}
	for (size_t i = 0; wish->default_route && net->default_route && i < a->nips; i++) {
		if (a->ips[i].gateway)
			add_hop(a, strchr(a->ips[i].gateway, ':') ? "::/0" : "0.0.0.0/0",
				a->ips[i].gateway);
	}
}

static bool set_has(const struct network *net, unsigned set, const struct nl_addr *a)
{
	for (size_t i = 0; i < net->nranges; i++) {
		if (net->ranges[i].set == set && addr_within(a, &net->ranges[i].subnet))
			return true;
	}
	return false;
}

static void lease_or_die(const struct pool *pool, const char *owner, const struct nl_addr *wanted,
			 struct ip *ip)
{
	char text[ADDR_TEXT_MAX];

	if (!lease_take(pool, owner, wanted, ip))
		return;
	if (wanted)
		die("lease address '%s' of '%s'", addr_text(wanted, false, text), pool->net->name);
	if (errno != EADDRNOTAVAIL)
		die("lease an address of '%s'", pool->net->name);
	/* Before giving up: whose leases did nobody return? */
	lease_sweep();
	if (lease_take(pool, owner, wanted, ip))
		diex("network '%s': no free address", pool->net->name);
}

static void lease_all(const char *owner, int network_dirfd, const struct network *net,
		      const char *ip, struct attachment *a)
{
	struct pool pool = { .dirfd = network_dirfd, .net = net };
	struct nl_addr wanted = { 0 };
	bool used = false;

	if (ip && addr_parse(ip, &wanted))
		diex("not an address: '%s'", ip);
	a->ips = xcalloc(net->nsets, sizeof(*a->ips));
	for (; pool.set < net->nsets; pool.set++) {
		bool here = ip && !used && set_has(net, pool.set, &wanted);

		used = used || here;
		lease_or_die(&pool, owner, here ? &wanted : NULL, &a->ips[a->nips++]);
	}
	if (ip && !used)
		diex("address '%s' is not in network '%s'", ip, net->name);
}

static void make_link(const struct network *net, const struct attachment *a, unsigned bridge,
		      int netns_fd, struct nl *host)
{
	uint8_t mac[NL_MAC_BYTES];
	struct nl_link link = {
		.name = a->hostName,
		.kind = "veth",
		.mtu = net->mtu,
		.master = bridge,
		.peer_name = a->ifName,
		.peer_mac = mac,
		.peer_netns_fd = netns_fd,
	};

	mac_parse(a->mac, mac);
	nl_link_add(host, &link);
	/* Hairpin always: with br_netfilter a container reaches itself through its published port
	 * only so. */
	nl_port_set(host, a->hostName, true, net->isolated);
	/* Up last: each change of a link that is up makes the kernel walk all IPv6 routes. */
	nl_link_up(host, a->hostName);
	if (nl_commit(host))
		die("%s", nl_what(host));
}

static bool has_ipv6(const struct attachment *a)
{
	for (size_t i = 0; i < a->nips; i++) {
		if (strchr(a->ips[i].address, ':'))
			return true;
	}
	return false;
}

/* An interface without an IPv6 address of ours gets none by itself either. */
static int set_ipv6(const struct attachment *a)
{
	_free_ char *path = xasprintf("/proc/sys/net/ipv6/conf/%s/disable_ipv6", a->ifName);

	return file_poke(AT_FDCWD, path, has_ipv6(a) ? "0\n" : "1\n") && errno != ENOENT ? -1 : 0;
}

/* A netlink socket of the namespace, which outlives the visit. /proc/sys/net is the visitor's, too.
 */
struct inside {
	const struct attachment *a;
	struct nl *nl;
};

static int open_there(void *arg)
{
	const struct inside *in = arg;

	if (nl_open(in->nl))
		return -1;
	return in->a ? set_ipv6(in->a) : 0;
}

static void open_inside(int netns_fd, const struct attachment *a, struct nl *nl)
{
	struct inside in = { a, nl };

	if (nsfile_visit(netns_fd, open_there, &in))
		die("configure the new network namespace");
}

static void put_routes(struct nl *nl, unsigned ifindex, const struct attachment *a)
{
	for (size_t i = 0; i < a->nroutes; i++) {
		struct nl_addr dst, gw = { 0 };

		if (addr_parse(a->routes[i].dst, &dst))
			continue;
		for (size_t j = 0; !a->routes[i].gw && j < a->nips; j++) {
			if (a->ips[j].gateway && addr_parse(a->ips[j].gateway, &gw))
				gw.family = 0;
			if (gw.family == dst.family)
				break;
			gw.family = 0;
		}
		if (a->routes[i].gw && addr_parse(a->routes[i].gw, &gw))
			continue;
		nl_route_add(nl, ifindex, &dst, &gw);
	}
}

/* Inside: addresses before the link goes up, so that going up announces them where it must: every
 * port of the bridge gets a copy, which takes milliseconds beside hundreds. */
static void configure_inside(int netns_fd, const struct attachment *a, bool announce)
{
	_nl_ struct nl nl = { .fd = -1 };
	unsigned ifindex, flags;

	open_inside(netns_fd, a, &nl);
	if (nl_link_look(&nl, a->ifName, &ifindex, &flags))
		die("find link '%s'", a->ifName);
	nl_link_up(&nl, "lo");
	if (announce)
		nl_link_conf4(&nl, a->ifName, IPV4_DEVCONF_ARP_NOTIFY, 1);
	for (size_t i = 0; i < a->nips; i++) {
		struct nl_addr addr;

		if (!addr_parse(a->ips[i].address, &addr))
			nl_addr_add(&nl, ifindex, &addr);
	}
	nl_link_up(&nl, a->ifName);
	put_routes(&nl, ifindex, a);
	if (nl_commit(&nl))
		die("%s of '%s'", nl_what(&nl), a->ifName);
}

static void publish(const struct space *space, const struct attachment *a, struct nft *nft)
{
	if (!a->nports || !table_publish(nft, space->name, a)) {
		relay_up(space->dirfd, a);
		return;
	}
	if (errno == EEXIST)
		ports_refused(nft, a);
	die("publish ports");
}

void attach(const struct space *space, int netns_fd, const struct network *net,
	    const struct wish *wish, struct host *host)
{
	_free_ char *owner = xasprintf("%s/%s", space->name, wish->ifname);
	struct attachment a = {
		.network = xstrdup(net->name),
		.ifName = xstrdup(wish->ifname),
		.bridge = xstrdup(net->bridge),
		.hostName = random_link_name(),
		.mac = wish->mac ? xstrdup(wish->mac) : random_mac(),
		.ports = wish->ports.v,
		.nports = wish->ports.n,
		.routed = net->routed,
		.shaped = wish->rate_in || wish->rate_out,
	};
	_close_ int network_dirfd = network_lock(net->name);
	unsigned bridge = network_up(network_dirfd, net, host);
	bool announce;

	a.named = resolver_up(network_dirfd, net);
	lease_all(owner, network_dirfd, net, wish->ip, &a);
	announce = lease_are_recycled(network_dirfd);
	choose_routes(&a, net, wish);
	record_intend(space->dirfd, &a);
	/* Unlocked: the others need not wait for the rest. */
	if (flock(network_dirfd, LOCK_UN))
		die("unlock network '%s'", net->name);
	publish(space, &a, &host->nft);
	make_link(net, &a, bridge, netns_fd, &host->nl);
	configure_inside(netns_fd, &a, announce);
	if (a.named)
		resolver_add(network_dirfd, space->name, &a, wish);
	attach_shape(space, netns_fd, &a, wish);
	attach_sysctls(netns_fd, wish);
	record_commit(space->dirfd, a.ifName);
	/* The ports are the wish's. */
	a.ports = NULL;
	a.nports = 0;
	attachment_free(&a);
}

void attach_loopback(int space_dirfd, int netns_fd)
{
	struct ip ip = { .address = (char[]){ "127.0.0.1/8" } };
	struct attachment a = {
		.network = (char[]){ "none" }, .ifName = (char[]){ "lo" }, .ips = &ip, .nips = 1
	};
	_nl_ struct nl nl = { .fd = -1 };

	record_intend(space_dirfd, &a);
	open_inside(netns_fd, NULL, &nl);
	nl_link_up(&nl, "lo");
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
	record_commit(space_dirfd, "lo");
}
