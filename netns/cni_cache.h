/* cni_cache.h - what was added to a network, kept for DEL, CHECK and GC in libcni's format:
 * $LASH_ROOT/cni/results/NETWORK-CONTAINER-INTERFACE.
 *
 * All of these may have a '-' of their own, so that a file's name may be that of another
 * attachment, too: what is in it says whose it is.
 */
#ifndef NETNS_CNI_CACHE_H
#define NETNS_CNI_CACHE_H

#include "netns/cni.h"

/* An attachment. Its network holds the list of plugins as it was then. */
struct cached {
	struct json *j;
	struct network net;
	struct chain_call call;
	char *args;
};

void cached_free(struct cached *c);
#define _cached_ __attribute__((cleanup(cached_free)))

int cache_dir(void);
char *cache_name(const struct chain_call *c);
/* R is NULL while nothing is made yet. */
void cache_put(const struct chain_call *c, const char *version, const struct result *r);
/* Ends the program when another attachment's file has the call's name. */
void cache_refuse_other(const struct chain_call *c);
/* The call's own. False: there is none. */
bool cache_get(const struct chain_call *c, struct cached *cached);
/* Whoever's is in the file NAME. -1: the reason in WHY, or "" and there is none. */
_check_ int cache_read(const char *name, struct cached *c, char why[WHY_MAX]);

#endif
