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

/* One namespace, and a socket in it. */
struct side {
	int netnsfd, fd;
};

static struct side host = { -1, -1 }, container = { -1, -1 };

/* What was moved, until the container is made: what is not to be had again, a veth's end say, would
 * go with a namespace that comes to nothing. */
struct moved {
	const char *host;
	char *name;
	bool up;
	struct addresses addresses;
	struct moved *before;
};

static struct moved *moved;

static void open_sides(const struct launch *l)
{
	host.netnsfd = ns_open_pid(0, CLONE_NEWNET);
	container.netnsfd = ns_open_pid(l->pid, CLONE_NEWNET);
	if (host.netnsfd < 0 || container.netnsfd < 0)
		die("linux.netDevices: open the container's network namespace");
	if (ns_is_same(host.netnsfd, container.netnsfd) != 0)
		diex("linux.netDevices: the network namespace is not the container's own");
	host.fd = rtnl_open();
	if (host.fd < 0 || setns(container.netnsfd, CLONE_NEWNET))
		die("linux.netDevices: enter the container's network namespace");
	container.fd = rtnl_open();
	if (setns(host.netnsfd, CLONE_NEWNET))
		die("linux.netDevices: leave the container's network namespace");
	if (container.fd < 0)
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
static char *choose_name(const struct spec_net_device *d)
{
	const char *wanted = d->name && *d->name ? d->name : d->host;
	const char *percent = strstr(wanted, "%d");

	for (int i = 0; percent && i < NAMES_TRIED; i++) {
		_free_ char *name = xasprintf("%.*s%d%s", (int)(percent - wanted), wanted, i,
					      percent + 2);

		if (is_free(container.fd, name))
			return steal_ptr(&name);
	}
	if (percent || !is_free(container.fd, wanted))
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

/* Up before it has addresses: IPv6's would go when it is set up. */
static int set_up(const struct side *s, const char *name, const struct addresses *all)
{
	unsigned int flags;
	int ifindex;

	if (rtnl_link_find(s->fd, name, &ifindex, &flags) || rtnl_link_up(s->fd, name))
		return -1;
	for (size_t i = 0; i < all->n; i++) {
		if (rtnl_addr_add(s->fd, ifindex, &all->v[i]))
			return -1;
	}
	return 0;
}

static void move_in(const struct spec_net_device *d)
{
	struct moved *m = xcalloc(1, sizeof(*m));
	unsigned int flags;
	int ifindex;

	m->host = d->host;
	m->name = choose_name(d);
	if (rtnl_link_find(host.fd, m->host, &ifindex, &flags))
		die("linux.netDevices: find interface '%s'", m->host);
	if (flags & IFF_LOOPBACK)
		diex("linux.netDevices: '%s' is a loopback interface", m->host);
	if (rtnl_addr_each(host.fd, ifindex, remember, &m->addresses))
		die("linux.netDevices: read the addresses of '%s'", m->host);
	m->up = flags & IFF_UP;
	if (rtnl_link_move(host.fd, ifindex, container.netnsfd, m->name))
		die("linux.netDevices: move '%s' into the container as '%s'", m->host, m->name);
	m->before = moved;
	moved = m;
	if (set_up(&container, m->name, &m->addresses))
		die("linux.netDevices: set up '%s' with its addresses in the container", m->name);
}

void netdev_move(const struct launch *l)
{
	const struct spec_linux *lx = l->spec->linux_;

	open_sides(l);
	for (size_t i = 0; i < lx->n_netDevices; i++)
		move_in(&lx->netDevices[i]);
}

static int move_back(const struct moved *m)
{
	unsigned int flags;
	int ifindex;

	if (rtnl_link_find(container.fd, m->name, &ifindex, &flags) ||
	    rtnl_link_move(container.fd, ifindex, host.netnsfd, m->host))
		return -1;
	return m->up ? set_up(&host, m->host, &m->addresses) : 0;
}

void netdev_return(void)
{
	for (; moved; moved = moved->before) {
		if (move_back(moved))
			warn("linux.netDevices: bring '%s' back", moved->host);
	}
}
