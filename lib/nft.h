/* nft.h - nf_tables: one atomic batch of changes to a table, sent by one system call.
 *
 * A struct nft belongs to the network namespace it was opened in. What the nft_add_* and nft_del_*
 * functions collect happens at nft_commit(), all of it or none. All tables are of family inet.
 *
 * Kernel facts every caller should know: deleting an element looks at its key only, so ask
 * nft_get_elem() for the owner first; and closing the socket after a delete waits 7 to 16 ms for
 * RCU while it holds the lock that every other commit needs (nft_rcv_nl_event() in
 * net/netfilter/nf_tables_api.c).
 */
#ifndef LIB_NFT_H
#define LIB_NFT_H

#include "lib/buf.h"

enum { NFT_KEY_BYTES = 64, NFT_COMMENT_BYTES = 128 };

struct nftnl_set;

struct nft {
	int fd;
	uint32_t seq;
	uint32_t last;	   /* offset in batch of the message added last */
	const char *table; /* the caller's string */
	struct buf batch;
	struct nftnl_set *elems; /* to go into the batch together */
	int elems_type, elems_flags;
};

/* The four kinds of hook a chain may hang on; none makes it a plain chain to jump to. */
struct nft_chain {
	const char *name;
	const char *type; /* "filter", "nat"; NULL = plain */
	int hook;	  /* NF_INET_* */
	int priority;
};

/* Set or map (data_bytes != 0). The types are nft's own numbers, see NFT_TYPE. */
struct nft_set {
	const char *name;
	uint32_t key_type, key_bytes;
	uint32_t data_type, data_bytes;
	uint32_t flags; /* NFT_SET_INTERVAL */
};

/* nft's type numbers; a concatenation is its members, six bits each. */
enum nft_type {
	NFT_TYPE_IPV4 = 7,
	NFT_TYPE_IPV6 = 8,
	NFT_TYPE_PROTO = 12,
	NFT_TYPE_PORT = 13,
	NFT_TYPE_IFNAME = 41,
};
#define NFT_CONCAT2(a, b) ((a) << 6 | (b))
#define NFT_CONCAT3(a, b, c) ((a) << 12 | (b) << 6 | (c))

/* One instruction of a rule; build them with the macros below. Registers are numbered as the
 * kernel's (1 to 4 of 16 bytes, or 8 to 23 of 4). */
struct nft_op {
	enum {
		NFT_OP_END,
		NFT_OP_META,
		NFT_OP_CT,
		NFT_OP_FIB,
		NFT_OP_PAYLOAD,
		NFT_OP_MASK,
		NFT_OP_CMP,
		NFT_OP_LOOKUP,
		NFT_OP_VERDICT,
		NFT_OP_DNAT,
		NFT_OP_MASQ,
	} kind;
	uint32_t reg, dreg;
	uint32_t a, b, c;
	const void *data;
};

/* clang-format off */
#define NFT_META(key, r)              { .kind = NFT_OP_META, .a = (key), .dreg = (r) }
#define NFT_CT(key, r)                { .kind = NFT_OP_CT, .a = (key), .dreg = (r) }
#define NFT_FIB_TYPE(flags, r)        { .kind = NFT_OP_FIB, .a = (flags), .dreg = (r) }
#define NFT_PAYLOAD(base, off, len, r) { .kind = NFT_OP_PAYLOAD, .a = (base), .b = (off), .c = (len), .dreg = (r) }
#define NFT_MASK(r, len, mask)        { .kind = NFT_OP_MASK, .reg = (r), .a = (len), .data = (mask) }
#define NFT_CMP(r, how, len, bytes)   { .kind = NFT_OP_CMP, .reg = (r), .a = (how), .b = (len), .data = (bytes) }
#define NFT_IN(r, set)                { .kind = NFT_OP_LOOKUP, .reg = (r), .data = (set) }
#define NFT_NOT_IN(r, set)            { .kind = NFT_OP_LOOKUP, .reg = (r), .a = NFT_LOOKUP_F_INV, .data = (set) }
#define NFT_MAP(r, set, to)           { .kind = NFT_OP_LOOKUP, .reg = (r), .dreg = (to), .data = (set) }
#define NFT_VERDICT(code, chain)      { .kind = NFT_OP_VERDICT, .a = (uint32_t)(code), .data = (chain) }
#define NFT_DNAT_TO(family, addr, port) { .kind = NFT_OP_DNAT, .a = (family), .reg = (addr), .dreg = (port) }
#define NFT_MASQUERADE                { .kind = NFT_OP_MASQ }
#define NFT_RULE_END                  { .kind = NFT_OP_END }
/* clang-format on */

struct nft_elem {
	const char *set;
	uint8_t key[NFT_KEY_BYTES], data[NFT_KEY_BYTES];
	uint32_t key_bytes, data_bytes;
	uint32_t flags; /* NFT_SET_ELEM_INTERVAL_END */
	char comment[NFT_COMMENT_BYTES];
};

/* Open a socket in the calling thread's namespace for table TABLE; nft_close when done. */
_check_ int nft_open(struct nft *nft, const char *table);
void nft_close(struct nft *nft);
#define _nft_ __attribute__((cleanup(nft_close)))

/* Add to the batch. EXCL: fail with EEXIST if it is there; without, only if it is there and
 * differs. */
void nft_add_table(struct nft *nft, bool excl, const char *comment);
void nft_del_table(struct nft *nft);
void nft_add_chain(struct nft *nft, const struct nft_chain *chain);
void nft_add_set(struct nft *nft, const struct nft_set *set);
/* OPS ends with NFT_RULE_END; COMMENT may be NULL. */
void nft_add_rule(struct nft *nft, const char *chain, const struct nft_op *ops,
		  const char *comment);
void nft_add_elem(struct nft *nft, const struct nft_elem *e);
void nft_add_elem_excl(struct nft *nft, const struct nft_elem *e);
void nft_del_elem(struct nft *nft, const struct nft_elem *e);
/* Anything to commit? */
bool nft_is_empty(const struct nft *nft);

/* Send the batch and wait for the verdict: 0, or -1 with errno and nothing changed. Empty
 * afterwards. */
_check_ int nft_commit(struct nft *nft);

/* Is our table there? 1, 0, or -1. */
_check_ int nft_has_table(struct nft *nft);
/* The same, and made with that comment? 2: it is there with another one. */
_check_ int nft_has_table_of(struct nft *nft, const char *comment);
/* Look E's key up in its set; fills data and comment. ENOENT: no such element (or set, or table).
 */
_check_ int nft_get_elem(struct nft *nft, struct nft_elem *e);
/* Call FN for every element of SET. ENOENT: no such set. */
typedef void nft_elem_fn(void *arg, const struct nft_elem *e);
_check_ int nft_each_elem(struct nft *nft, const char *set, nft_elem_fn *fn, void *arg);

/* Connection tracking: forget the flows of FAMILY and PROTOCOL that are wanted. What is tracked
 * already does not see new rules. Walks the whole table: some milliseconds. */
struct nft_flow {
	uint8_t to[16], by[16]; /* where the client sends to; who answers */
	uint16_t port;		/* the client's destination port */
};
typedef bool nft_flow_fn(void *arg, const struct nft_flow *flow);
_check_ int nft_forget_flows(struct nft *nft, int family, uint8_t protocol, nft_flow_fn *is_wanted,
			     void *arg);

#endif
