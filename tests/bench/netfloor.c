/* netfloor - the least a namespace on a bridge with one published port costs anyone.
 *
 * netfloor NAME BRIDGE ADDRESS GATEWAY PORT does what `netns add` does in the fewest messages and
 * keeps nothing on record: no lease, no lock, no check of anything, no result. The port goes into
 * the map of `table inet hand { map ports }`, which must be there. What it takes longer beside 500
 * others is the kernel's: its walks over a bridge's ports, and over the names below /proc/sys/net,
 * which every namespace adds to.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/nft.h"
#include "lib/nl.h"
#include "lib/num.h"
#include "lib/opt.h"

static int new_namespace(const char *name, struct nl *inside)
{
	char path[256];
	int host = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	if (host < 0 || unshare(CLONE_NEWNET) || nl_open(inside))
		die("make a network namespace");
	fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0 || close(fd) || mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL))
		die("bind '%s'", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(host, CLONE_NEWNET))
		die("come back");
	return fd;
}

static void make_link(const char *name, unsigned bridge, int netns_fd, struct nl *nl)
{
	char host[IF_NAMESIZE];
	struct nl_link link = { .name = host,
				.kind = "veth",
				.master = bridge,
				.peer_name = "eth0",
				.peer_netns_fd = netns_fd };

	snprintf(host, sizeof(host), "v%.14s", name);
	nl_link_add(nl, &link);
	nl_port_set(nl, host, true, false);
	nl_link_up(nl, host);
	if (nl_commit(nl))
		die("%s", nl_what(nl));
}

/* The one thing netlink cannot set: no IPv6 where the network has none. */
static void leave_ipv6(int netns_fd)
{
	int host = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (host < 0 || setns(netns_fd, CLONE_NEWNET) ||
	    file_poke(AT_FDCWD, "/proc/sys/net/ipv6/conf/eth0/disable_ipv6", "1\n") ||
	    setns(host, CLONE_NEWNET))
		die("leave IPv6");
}

static void configure(struct nl *nl, const struct nl_addr *a, const struct nl_addr *gateway)
{
	static const struct nl_addr any = { .family = AF_INET };
	struct nl_found found;

	if (nl_link_find(nl, "eth0", &found))
		die("%s", nl_what(nl));
	nl_link_up(nl, "lo");
	nl_addr_add(nl, found.ifindex, a);
	nl_link_up(nl, "eth0");
	nl_route_add(nl, found.ifindex, &any, gateway);
	if (nl_commit(nl))
		die("%s", nl_what(nl));
}

static void publish(struct nft *nft, const struct nl_addr *a, int port)
{
	struct nft_elem e = { .set = "ports", .key_bytes = 2, .data_bytes = 8 };

	e.key[0] = port >> 8;
	e.key[1] = port & 0xff;
	memcpy(e.data, a->bytes, 4);
	e.data[5] = 80;
	nft_add_elem_excl(nft, &e);
	if (nft_commit(nft))
		die("publish port '%d'", port);
}

int main(int argc, char **argv)
{
	const struct usage u = { "NAME BRIDGE ADDRESS GATEWAY PORT", "Make a namespace.", NULL, 0,
				 NULL };
	struct nl_addr a = { .family = AF_INET, .prefix = 16 }, gw = { .family = AF_INET };
	struct nl host, inside;
	struct nft nft;
	struct nl_found bridge;
	int netns_fd, port;

	opt_program(argv[0]);
	if (argc != 6 || inet_pton(AF_INET, argv[3], a.bytes) != 1 ||
	    inet_pton(AF_INET, argv[4], gw.bytes) != 1 || num_int(argv[5], 1, 65535, &port) < 0)
		opt_misuse("%s", u.synopsis);
	if (nl_open(&host) || nft_open(&nft, "hand"))
		die("open netlink sockets");
	if (nl_link_find(&host, argv[2], &bridge))
		die("%s", nl_what(&host));
	netns_fd = new_namespace(argv[1], &inside);
	make_link(argv[1], bridge.ifindex, netns_fd, &host);
	leave_ipv6(netns_fd);
	configure(&inside, &a, &gw);
	publish(&nft, &a, port);
	return 0;
}
