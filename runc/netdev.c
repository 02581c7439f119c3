#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/ns.h"
#include "lib/rtnl.h"
#include "runc/launch.h"

enum { NAMES_TRIED = 1000 };

/* Addresses do not survive the move to another namespace: those that were given for good are given
 * again there. */
struct addresses {
	struct rtnl_addr *v;
	size_t n;
};

/* A socket in either namespace, and the container's itself. */
struct route {
	int hostfd, containerfd, netnsfd;
};

static void open_route(struct route *r, const struct launch *l)
{
	_close_ int backfd = ns_open_pid(0, CLONE_NEWNET);

	r->netnsfd = ns_open_pid(l->pid, CLONE_NEWNET);
	if (backfd < 0 || r->netnsfd < 0)
		die("linux.netDevices: open the container's network namespace");
	if (ns_is_same(backfd, r->netnsfd) != 0)
		diex("linux.netDevices: the network namespace is not the container's own");
	r->hostfd = rtnl_open();
	if (r->hostfd < 0 || setns(r->netnsfd, CLONE_NEWNET))
		die("linux.netDevices: enter the container's network namespace");
	r->containerfd = rtnl_open();
	if (setns(backfd, CLONE_NEWNET))
		die("linux.netDevices: leave the container's network namespace");
	if (r->containerfd < 0)
		die("linux.netDevices: make a netlink socket");
}

static bool is_free(int fd, const char *name)
{
	unsigned int flags;
	int ifindex;

	if (!rtnl_link_find(fd, name, &ifindex, &flags))
		return false;
	if (errno != ENODEV)
		die("linux.netDevices: look for interface '%s'", name);
	return true;
}

/* The name in there: "eth%d" takes the first number that is free. One that is taken must be found
 * out here: the kernel moves the interface before it refuses the name, and it would end with the
 * namespace. */
static char *choose_name(const struct route *r, const struct spec_net_device *d)
{
	const char *wanted = d->name && *d->name ? d->name : d->host;
	const char *percent = strstr(wanted, "%d");

	for (int i = 0; percent && i < NAMES_TRIED; i++) {
		_free_ char *name = xasprintf("%.*s%d%s", (int)(percent - wanted), wanted, i,
					      percent + 2);

		if (is_free(r->containerfd, name))
			return steal_ptr(&name);
	}
	if (percent || !is_free(r->containerfd, wanted))
		diex("linux.netDevices: move '%s' into the container as '%s': File exists", d->host,
		     wanted);
	return xstrdup(wanted);
}

static void remember(void *arg, const struct rtnl_addr *a)
{
	struct addresses *all = arg;

	all->v = xreallocarray(all->v, all->n + 1, sizeof(*all->v));
	all->v[all->n++] = *a;
}

static void move_out(const struct route *r, const char *host, const char *name,
		     struct addresses *all)
{
	unsigned int flags;
	int ifindex;

	if (rtnl_link_find(r->hostfd, host, &ifindex, &flags))
		die("linux.netDevices: find interface '%s'", host);
	if (flags & IFF_LOOPBACK)
		diex("linux.netDevices: '%s' is a loopback interface", host);
	if (rtnl_addr_each(r->hostfd, ifindex, remember, all))
		die("linux.netDevices: read the addresses of '%s'", host);
	if (rtnl_link_move(r->hostfd, ifindex, r->netnsfd, name))
		die("linux.netDevices: move '%s' into the container as '%s'", host, name);
}

/* Up before it has addresses: IPv6's would go when it is set up. */
static void set_up(int fd, const char *name, const struct addresses *all)
{
	unsigned int flags;
	int ifindex;

	if (rtnl_link_find(fd, name, &ifindex, &flags) || rtnl_link_up(fd, name))
		die("linux.netDevices: set up '%s' in the container", name);
	for (size_t i = 0; i < all->n; i++) {
		if (rtnl_addr_add(fd, ifindex, &all->v[i]))
			die("linux.netDevices: give '%s' its address again", name);
	}
}

void netdev_move(const struct launch *l)
{
	const struct spec_linux *lx = l->spec->linux_;
	struct route r;

	open_route(&r, l);
	for (size_t i = 0; i < lx->n_netDevices; i++) {
		_free_ char *name = choose_name(&r, &lx->netDevices[i]);
		struct addresses all = { 0 };

		move_out(&r, lx->netDevices[i].host, name, &all);
		set_up(r.containerfd, name, &all);
		free(all.v);
	}
	close_fd(&r.hostfd);
	close_fd(&r.containerfd);
	close_fd(&r.netnsfd);
}
