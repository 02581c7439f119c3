/* nl.h - links, addresses, routes: rtnetlink messages gathered in a batch, sent by one system call.
 *
 * A struct nl belongs to the network namespace it was opened in, wherever the process goes later.
 * Messages collect until nl_commit(); the kernel then works through them in order, all of them
 * within that one call (so a killed program has done all or nothing), going on behind one that
 * fails. A failed call leaves errno, and says in nl_what() which message it was.
 */
#ifndef LIB_NL_H
#define LIB_NL_H

#include <net/if.h>
#include <netinet/in.h>

#include "lib/base.h"

enum { NL_BATCH_BYTES = 16384, NL_BATCH_MAX = 64, NL_MAC_BYTES = 6 };

struct nl {
	int fd;
	uint32_t seq;	/* of the message built last */
	uint32_t first; /* of the first message of this batch */
	size_t used;	/* bytes of it */
	char what[128]; /* of the message that failed */
	const char *labels[NL_BATCH_MAX];
	char names[NL_BATCH_MAX][64];
	char data[NL_BATCH_BYTES] __attribute__((aligned(8)));
};

/* An address of either family with its prefix length. */
struct nl_addr {
	int family; /* AF_INET, AF_INET6; 0 = none */
	uint8_t bytes[16];
	uint8_t prefix;
};

/* What to create; zero members are left to the kernel. */
struct nl_link {
	const char *name;
	const char *kind; /* "bridge", "veth", "macvlan", "ipvlan", "vlan", "ifb", "dummy" */
	const uint8_t *mac;
	unsigned mtu;
	unsigned master; /* ifindex of the bridge */
	bool up;
	int netns_fd;	       /* where it is born; 0: here */
	const char *peer_name; /* veth: the other end, ... */
	const uint8_t *peer_mac;
	int peer_netns_fd; /* ... and the namespace it is born in */
	unsigned parent;   /* macvlan, ipvlan, vlan: ifindex of the link below, in this namespace */
	unsigned mode;	   /* macvlan: MACVLAN_MODE_*; ipvlan: IPVLAN_MODE_* */
	unsigned vlan_id;
};

struct nl_found {
	unsigned ifindex;
	unsigned flags; /* IFF_* */
	unsigned master;
	unsigned mtu;
	unsigned parent; /* ifindex of veth's other end, macvlan's link below, ...; 0: none */
	char name[IF_NAMESIZE];
	char kind[16];
	uint8_t mac[NL_MAC_BYTES];
};

/* A route; zero members are left to the kernel. */
struct nl_route {
	struct nl_addr dst;	/* prefix 0: the default */
	struct nl_addr gateway; /* family 0: on the link */
	unsigned mtu, advmss, priority, table;
};

/* Open a socket in the calling thread's network namespace; nl_close when done. */
_check_ int nl_open(struct nl *nl);
void nl_close(struct nl *nl);
#define _nl_ __attribute__((cleanup(nl_close)))

/* Add one message to the batch. Too many of them (NL_BATCH_*) is a bug and ends the process. */
void nl_link_add(struct nl *nl, const struct nl_link *l);
void nl_link_up(struct nl *nl, const char *name);
void nl_link_del(struct nl *nl, const char *name);
void nl_link_down(struct nl *nl, const char *name);
/* Give it a new name, another namespace (0: this one), or both. */
void nl_link_move(struct nl *nl, unsigned ifindex, const char *new_name, int netns_fd);
/* Of all that a link is, change one thing. */
void nl_link_set_master(struct nl *nl, const char *name, unsigned master);
void nl_link_set_mac(struct nl *nl, const char *name, const uint8_t mac[NL_MAC_BYTES]);
void nl_link_set_mtu(struct nl *nl, const char *name, unsigned mtu);
void nl_link_set_txqlen(struct nl *nl, const char *name, unsigned len);
/* FLAGS of IFF_PROMISC, IFF_ALLMULTI, on or off. */
void nl_link_set_flags(struct nl *nl, const char *name, unsigned flags, bool on);
/* As a bridge port: frames may leave by the port they came in from; ISOLATED ports never reach each
 * other. */
void nl_port_set(struct nl *nl, const char *name, bool hairpin, bool isolated);
/* Set one of the IPV4_DEVCONF_* sysctls of a link (linux/ip.h) without going through /proc. */
void nl_link_conf4(struct nl *nl, const char *name, int conf, uint32_t value);
/* Addresses never wait for duplicate address detection. An address that is there already is no
 * error. */
void nl_addr_add(struct nl *nl, unsigned ifindex, const struct nl_addr *a);
/* The same without a route to the address' subnet. */
void nl_addr_add_bare(struct nl *nl, unsigned ifindex, const struct nl_addr *a);
void nl_addr_del(struct nl *nl, unsigned ifindex, const struct nl_addr *a);
/* A route to DST (prefix 0: the default) by GATEWAY (family 0: on the link). */
void nl_route_add(struct nl *nl, unsigned ifindex, const struct nl_addr *dst,
		  const struct nl_addr *gateway);
/* The same with all that a route can say; and the way back. One that is there already is no error.
 */
void nl_route_put(struct nl *nl, unsigned ifindex, const struct nl_route *r);
void nl_route_del(struct nl *nl, unsigned ifindex, const struct nl_addr *dst);

/* Traffic control (nl_tc.c). What leaves by a link: at most RATE bytes a second, BURST bytes at
 * once, and a queue of LIMIT bytes. */
void nl_shape(struct nl *nl, unsigned ifindex, uint64_t rate, uint32_t burst, uint32_t limit);
/* What comes in by a link leaves by another one instead. */
void nl_divert(struct nl *nl, unsigned ifindex, unsigned to);

/* Send the batch and wait for the kernel's verdict on the last message. On failure the errno and
 * nl_what() are the first failing message's. The batch is empty afterwards either way. */
_check_ int nl_commit(struct nl *nl);
/* Ask for a link by name. -1: ENODEV when there is none. The batch must be empty. */
_check_ int nl_link_find(struct nl *nl, const char *name, struct nl_found *found);
/* The same by index. */
_check_ int nl_link_find_index(struct nl *nl, unsigned ifindex, struct nl_found *found);
/* Only index and flags of a link: an ioctl costs less than the kernel's description of a link,
 * which is a kilobyte and more. */
_check_ int nl_link_look(struct nl *nl, const char *name, unsigned *ifindex, unsigned *flags);
/* Call FN for every address of a link; a non-zero answer ends the walk and is returned. */
typedef int nl_addr_fn(void *arg, const struct nl_addr *a);
_check_ int nl_addr_each(struct nl *nl, unsigned ifindex, nl_addr_fn *fn, void *arg);
/* Call FN for every IPv4 and IPv6 unicast route of every table; a non-zero answer of FN ends the
 * walk and is returned. */
typedef int nl_route_fn(void *arg, const struct nl_addr *dst, unsigned ifindex);
_check_ int nl_route_each(struct nl *nl, nl_route_fn *fn, void *arg);
/* Which ports have a socket that listens (TCP) or is bound (UDP), on whatever address: a bit a
 * port. -1 also where the kernel cannot tell (no inet_diag). */
enum { NL_PORT_MAP_BYTES = 65536 / 8 };
_check_ int nl_ports_in_use(int protocol, uint8_t map[NL_PORT_MAP_BYTES]);
/* "create link 'veth0'": what the message that failed was to do, and the kernel's own words where
 * it has some. */
const char *nl_what(const struct nl *nl);

#endif
