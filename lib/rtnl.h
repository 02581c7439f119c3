/* rtnl.h - interfaces and their addresses, by rtnetlink without a library: for static programs,
 * which libmnl cannot be linked to (nl.h is for the others).
 *
 * A socket belongs to the network namespace it was opened in, wherever the process goes later.
 * Failure: -1 and errno, the kernel's.
 */
#ifndef LIB_RTNL_H
#define LIB_RTNL_H

#include <net/if.h>

#include "lib/base.h"

/* An address of either family, as the kernel has it: all that it takes to give it again. */
struct rtnl_addr {
	uint8_t family, prefix;
	uint8_t local[16], peer[16], broadcast[16];
	bool has_local, has_peer, has_broadcast;
};

typedef void rtnl_addr_fn(void *arg, const struct rtnl_addr *a);

/* A socket in the calling thread's network namespace; caller closes. */
_check_ int rtnl_open(void);
/* The index and the IFF_* of a link. ENODEV: there is none. */
_check_ int rtnl_link_find(int fd, const char *name, int *ifindex, unsigned int *flags);
/* Set a link down and put it into NETNSFD by the name TO, in one step. */
_check_ int rtnl_link_move(int fd, int ifindex, int netnsfd, const char *to);
_check_ int rtnl_link_up(int fd, const char *name);
/* Call FN for each of the link's addresses that was given for good and is valid everywhere. */
_check_ int rtnl_addr_each(int fd, int ifindex, rtnl_addr_fn *fn, void *arg);
/* Give one, without duplicate address detection. */
_check_ int rtnl_addr_add(int fd, int ifindex, const struct rtnl_addr *a);

#endif
