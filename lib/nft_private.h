/* nft_private.h - what the nft*.c files share; nobody else includes this.
 */
#ifndef LIB_NFT_PRIVATE_H
#define LIB_NFT_PRIVATE_H

#include "lib/nft.h"

struct nftnl_expr;
struct nftnl_set;
struct nlmsghdr;

/* OBJECT, unless libnftnl was out of memory, which ends the process. */
void *nft_must(void *object);
/* One instruction as libnftnl's expression; a rule takes it over. */
struct nftnl_expr *nft_expr(const struct nft_op *op);
/* A set that holds the one element E, with its data and comment where FULL. Caller frees. */
struct nftnl_set *nft_elem_set(const struct nft *nft, const struct nft_elem *e, bool full);
/* One more for it. */
void nft_elem_put(struct nftnl_set *s, const struct nft_elem *e, bool full);
/* Forget the elements no message holds yet. */
void nft_drop_elems(struct nft *nft);
/* Start a message to nfnetlink in ROOM, which is aligned and large enough: SUBSYS (NFNL_SUBSYS_*),
 * its TYPE. */
struct nlmsghdr *nft_header(void *room, int subsys, int type, int family, int flags, uint32_t seq);
/* Send LEN bytes of messages to the kernel. */
_check_ int nft_send(const struct nft *nft, const void *data, size_t len);

#endif
