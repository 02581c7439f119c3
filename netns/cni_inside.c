#include <fcntl.h>
#include <linux/ip.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "netns/cni.h"

static bool has_ipv6(const struct result *r)
{
	for (size_t i = 0; i < r->nips; i++) {
		if (strchr(r->ips[i].address, ':'))
			return true;
	}
	return false;
}

static void poke(const char *ifname, const char *knob, const char *value)
{
	_free_ char *path = xasprintf("/proc/sys/net/ipv6/conf/%s/%s", ifname, knob);

	/* A kernel without IPv6 has no such file, and no address either. */
	if (file_poke(AT_FDCWD, path, value))
		return;
}

/* IPv6 where there is an address of ours, without waiting for duplicates nobody can have; nothing
 * of it otherwise. */
static void set_ipv6(const char *ifname, const struct result *r)
{
	bool on = has_ipv6(r);

	poke(ifname, "disable_ipv6", on ? "0\n" : "1\n");
	poke(ifname, "accept_ra", "0\n");
	if (on)
		poke(ifname, "accept_dad", "0\n");
}

struct inside {
	const struct call *c;
	const struct result *r;
	struct nl *nl;
};

static int open_there(void *arg)
{
	const struct inside *in = arg;

	if (nl_open(in->nl))
		return -1;
	if (in->r)
		set_ipv6(in->c->ifname, in->r);
	return 0;
}

static int visit(const struct call *c, const struct result *r, struct nl *nl)
{
	struct inside in = { c, r, nl };

	return nsfile_visit(c->netns_fd, open_there, &in);
}

void inside_open(const struct call *c, struct nl *nl)
{
	if (visit(c, NULL, nl))
		die("join network namespace '%s'", c->netns);
}

static void put_addresses(struct nl *nl, unsigned ifindex, const struct result *r, bool bare)
{
	for (size_t i = 0; i < r->nips; i++) {
		struct nl_addr a;

		if (addr_parse(r->ips[i].address, &a))
			continue;
		if (bare)
			nl_addr_add_bare(nl, ifindex, &a);
		else
			nl_addr_add(nl, ifindex, &a);
	}
}

/* The way to the gateway first, where the addresses bring none. */
static void put_gateways(struct nl *nl, unsigned ifindex, const struct result *r)
{
	for (size_t i = 0; i < r->nips; i++) {
		struct nl_route to = { 0 }, by = { 0 };

		if (!r->ips[i].gateway || addr_parse(r->ips[i].gateway, &to.dst) ||
		    addr_parse(r->ips[i].address, &by.dst))
			continue;
		by.gateway = to.dst;
		by.dst = addr_lowest(&by.dst);
		nl_route_put(nl, ifindex, &to);
		nl_route_put(nl, ifindex, &by);
	}
}

static void gateway_of(const struct result *r, const struct result_route *t, struct nl_addr *gw)
{
	struct nl_addr dst;

	if (t->gw && *t->gw && !addr_parse(t->gw, gw))
		return;
	gw->family = 0;
	if (addr_parse(t->dst, &dst))
		return;
	for (size_t i = 0; i < r->nips; i++) {
		if (r->ips[i].gateway && !addr_parse(r->ips[i].gateway, gw) &&
		    gw->family == dst.family)
			return;
	}
	gw->family = 0;
}

static void put_routes(struct nl *nl, unsigned ifindex, const struct result *r)
{
	for (size_t i = 0; i < r->nroutes; i++) {
		const struct result_route *t = &r->routes[i];
		struct nl_route to = {
			.mtu = t->mtu,
			.advmss = t->advmss,
			.priority = t->priority,
			.table = t->table,
		};

		if (addr_parse(t->dst, &to.dst))
			continue;
		gateway_of(r, t, &to.gateway);
		nl_route_put(nl, ifindex, &to);
		/* A batch is as long as it is. */
		if (i % 32 == 31 && nl_commit(nl))
			die("%s", nl_what(nl));
	}
}

void inside_configure(const struct call *c, const struct result *r, bool bare)
{
	_nl_ struct nl nl = { .fd = -1 };
	struct nl_found found;

	if (visit(c, r, &nl))
		die("join network namespace '%s'", c->netns);
	if (nl_link_find(&nl, c->ifname, &found))
		die("%s", nl_what(&nl));
	if (r->nips > NL_BATCH_MAX / 4)
		diex("more than %d addresses", NL_BATCH_MAX / 4);
	/* Addresses before the link goes up, so that going up announces them. */
	nl_link_conf4(&nl, c->ifname, IPV4_DEVCONF_ARP_NOTIFY, 1);
	put_addresses(&nl, found.ifindex, r, bare);
	nl_link_up(&nl, c->ifname);
	if (bare)
		put_gateways(&nl, found.ifindex, r);
	if (nl_commit(&nl))
		die("%s of '%s'", nl_what(&nl), c->ifname);
	put_routes(&nl, found.ifindex, r);
	if (nl_commit(&nl))
		die("%s of '%s'", nl_what(&nl), c->ifname);
}

void inside_delete(const struct call *c)
{
	_nl_ struct nl nl = { .fd = -1 };

	if (c->netns_fd < 0 || visit(c, NULL, &nl))
		return;
	nl_link_del(&nl, c->ifname);
	if (nl_commit(&nl) && errno != ENODEV)
		die("%s", nl_what(&nl));
}

struct wanted {
	const struct result *r;
	unsigned seen; /* a bit an address */
};

static int note_address(void *arg, const struct nl_addr *a)
{
	struct wanted *w = arg;
	struct nl_addr want;

	for (size_t i = 0; i < w->r->nips && i < 32; i++) {
		if (!addr_parse(w->r->ips[i].address, &want) && addr_equal(a, &want) &&
		    a->prefix == want.prefix)
			w->seen |= 1u << i;
	}
	return 0;
}

const struct result_interface *result_inside(const struct call *c, const struct result *r)
{
	for (size_t i = 0; i < r->ninterfaces; i++) {
		const struct result_interface *f = &r->interfaces[i];

		if (f->sandbox && *f->sandbox && str_eq(f->name, c->ifname))
			return f;
	}
	return NULL;
}

void inside_check(const struct call *c)
{
	_nl_ struct nl nl = { .fd = -1 };
	struct wanted w = { &c->prev, 0 };
	struct nl_found found;

	inside_open(c, &nl);
	if (nl_link_find(&nl, c->ifname, &found))
		die("%s", nl_what(&nl));
	if (!(found.flags & IFF_UP))
		diex("interface '%s' is not up", c->ifname);
	if (nl_addr_each(&nl, found.ifindex, note_address, &w))
		die("list addresses of '%s'", c->ifname);
	for (size_t i = 0; i < c->prev.nips && i < 32; i++) {
		const struct result_ip *ip = &c->prev.ips[i];
		const struct result_interface *f = ip->has_interface
							   ? &c->prev.interfaces[ip->interface]
							   : NULL;

		if (!(w.seen & 1u << i) && (!f || str_eq(f->name, c->ifname)))
			diex("interface '%s' has not address '%s'", c->ifname, ip->address);
	}
}

const struct result_interface *result_outside(const struct call *c, const struct result *r)
{
	_nl_ struct nl inside = { .fd = -1 }, host = { .fd = -1 };
	struct nl_found found, peer;

	if (c->netns_fd < 0)
		return NULL;
	inside_open(c, &inside);
	if (nl_open(&host))
		die("open a netlink socket");
	if (nl_link_find(&inside, c->ifname, &found) || !found.parent ||
	    nl_link_find_index(&host, found.parent, &peer))
		return NULL;
	for (size_t i = 0; i < r->ninterfaces; i++) {
		const struct result_interface *f = &r->interfaces[i];

		if (str_eq(f->name, peer.name) && !(f->sandbox && *f->sandbox))
			return f;
	}
	return NULL;
}
