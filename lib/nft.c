#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/mem.h"
#include "lib/nft.h"
#include "lib/nft_private.h"
#include "lib/str.h"

/* Bytes a single message may take: the longest rule has about 700. SEND_BYTES is Linux' usual
 * socket buffer. */
enum { MESSAGE_BYTES = 4096, SEND_BYTES = 160 * 1024 };
/* Elements share a message up to the 64 KiB an attribute may have; libnftnl looks after each. */
enum { ELEMS_BYTES = 65536 + MESSAGE_BYTES };

int nft_open(struct nft *nft, const char *table)
{
	int on = 1;

	*nft = (struct nft){ .fd = -1, .table = table };
	nft->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (nft->fd < 0)
		return -1;
	/* Or an error comes with the whole message that failed, up to 64 KiB of it. */
	return setsockopt(nft->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

void nft_close(struct nft *nft)
{
	close_fd(&nft->fd);
	nft->fd = -1;
	nft_drop_elems(nft);
	buf_free(&nft->batch);
}

void *nft_must(void *object)
{
	if (!object)
		abort();
	return object;
}

static void finish(struct nft *nft, const struct nlmsghdr *h)
{
	nft->batch.len += MNL_ALIGN(h->nlmsg_len);
}

struct nlmsghdr *nft_header(void *room, int subsys, int type, int family, int flags, uint32_t seq)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(h, sizeof(*nfg));

	h->nlmsg_type = subsys << 8 | type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = seq;
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return h;
}

/* What begins or ends a batch; it names the subsystem all of the batch is for. */
static void mark(struct nft *nft, int type)
{
	struct nlmsghdr *h = nft_header(buf_room(&nft->batch, MESSAGE_BYTES), NFNL_SUBSYS_NONE,
					type, AF_UNSPEC, 0, ++nft->seq);
	struct nfgenmsg *nfg = mnl_nlmsg_get_payload(h);

	nfg->res_id = htons(NFNL_SUBSYS_NFTABLES);
	finish(nft, h);
}

/* Start a message of at most BYTES, opening the batch where this is the first. */
static struct nlmsghdr *start(struct nft *nft, int type, int flags, size_t bytes)
{
	if (!nft->batch.len)
		mark(nft, NFNL_MSG_BATCH_BEGIN);
	nft->last = nft->batch.len;
	return nft_header(buf_room(&nft->batch, bytes), NFNL_SUBSYS_NFTABLES, type, NFPROTO_INET,
			  flags, ++nft->seq);
}

/* The elements gathered so far, as a message; as many as it takes. */
static void put_elems(struct nft *nft)
{
	struct nftnl_set_elems_iter *iter;
	struct nlmsghdr *h;
	int more;

	if (!nft->elems)
		return;
	iter = nft_must(nftnl_set_elems_iter_create(nft->elems));
	do {
		h = start(nft, nft->elems_type, nft->elems_flags, ELEMS_BYTES);
		more = nftnl_set_elems_nlmsg_build_payload_iter(h, iter);
		finish(nft, h);
	} while (more > 0);
	nftnl_set_elems_iter_destroy(iter);
	nft_drop_elems(nft);
}

static struct nlmsghdr *message(struct nft *nft, int type, int flags)
{
	put_elems(nft);
	return start(nft, type, flags, MESSAGE_BYTES);
}

static struct nftnl_table *table_new(const struct nft *nft)
{
	struct nftnl_table *t = nft_must(nftnl_table_alloc());

	nftnl_table_set_str(t, NFTNL_TABLE_NAME, nft->table);
	return t;
}

void nft_add_table(struct nft *nft, bool excl, const char *comment)
{
	struct nlmsghdr *h = message(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE | (excl ? NLM_F_EXCL : 0));
	struct nftnl_udata_buf *words = nft_must(nftnl_udata_buf_alloc(NFT_COMMENT_BYTES + 2));
	struct nftnl_table *t = table_new(nft);

	nftnl_udata_put_strz(words, NFTNL_UDATA_TABLE_COMMENT, comment);
	nftnl_table_set_data(t, NFTNL_TABLE_USERDATA, nftnl_udata_buf_data(words),
			     nftnl_udata_buf_len(words));
	nftnl_table_nlmsg_build_payload(h, t);
	finish(nft, h);
	nftnl_udata_buf_free(words);
	nftnl_table_free(t);
}

void nft_del_table(struct nft *nft)
{
	struct nlmsghdr *h = message(nft, NFT_MSG_DELTABLE, 0);
	struct nftnl_table *t = table_new(nft);

	nftnl_table_nlmsg_build_payload(h, t);
	finish(nft, h);
	nftnl_table_free(t);
}

void nft_add_chain(struct nft *nft, const struct nft_chain *chain)
{
	struct nlmsghdr *h = message(nft, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	struct nftnl_chain *c = nft_must(nftnl_chain_alloc());

	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, nft->table);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain->name);
	if (chain->type) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, chain->type);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, chain->hook);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, chain->priority);
	}
	nftnl_chain_nlmsg_build_payload(h, c);
	finish(nft, h);
	nftnl_chain_free(c);
}

/* nft wants to know how to read the keys of a set it lists: names are in host order (1), numbers
 * are not (2), concatenations know themselves. */
static void put_byte_order(struct nftnl_set *s, uint32_t type)
{
	struct nftnl_udata_buf *words = nft_must(nftnl_udata_buf_alloc(NFT_COMMENT_BYTES));
	uint32_t order = type == NFT_TYPE_IFNAME ? 1 : type < NFT_CONCAT2(1, 0) ? 2 : 0;

	nftnl_udata_put_u32(words, NFTNL_UDATA_SET_KEYBYTEORDER, order);
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(words),
			   nftnl_udata_buf_len(words));
	nftnl_udata_buf_free(words);
}

void nft_add_set(struct nft *nft, const struct nft_set *set)
{
	struct nlmsghdr *h = message(nft, NFT_MSG_NEWSET, NLM_F_CREATE);
	struct nftnl_set *s = nft_must(nftnl_set_alloc());

	nftnl_set_set_str(s, NFTNL_SET_TABLE, nft->table);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
	nftnl_set_set_u32(s, NFTNL_SET_ID, nft->seq);
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, set->key_type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, set->key_bytes);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, set->flags | (set->data_bytes ? NFT_SET_MAP : 0));
	if (set->data_bytes) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, set->data_type);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, set->data_bytes);
	}
	put_byte_order(s, set->key_type);
	nftnl_set_nlmsg_build_payload(h, s);
	finish(nft, h);
	nftnl_set_free(s);
}

void nft_add_rule(struct nft *nft, const char *chain, const struct nft_op *ops, const char *comment)
{
	struct nlmsghdr *h = message(nft, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	struct nftnl_rule *r = nft_must(nftnl_rule_alloc());

	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, nft->table);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
	if (comment) {
		struct nftnl_udata_buf *words = nft_must(
			nftnl_udata_buf_alloc(NFT_COMMENT_BYTES + 2));

		nftnl_udata_put_strz(words, NFTNL_UDATA_RULE_COMMENT, comment);
		nftnl_rule_set_data(r, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(words),
				    nftnl_udata_buf_len(words));
		nftnl_udata_buf_free(words);
	}
	for (; ops->kind != NFT_OP_END; ops++)
		nftnl_rule_add_expr(r, nft_expr(ops));
	nftnl_rule_nlmsg_build_payload(h, r);
	finish(nft, h);
	nftnl_rule_free(r);
}

/* Elements of one set that are treated alike share a message: 500 ports cost the kernel half. */
static void put_elem(struct nft *nft, int type, int flags, const struct nft_elem *e)
{
	bool full = type == NFT_MSG_NEWSETELEM;

	if (nft->elems && nft->elems_type == type && nft->elems_flags == flags &&
	    str_eq(nftnl_set_get_str(nft->elems, NFTNL_SET_NAME), e->set)) {
		nft_elem_put(nft->elems, e, full);
		return;
	}
	put_elems(nft);
	nft->elems = nft_elem_set(nft, e, full);
	nft->elems_type = type;
	nft->elems_flags = flags;
}

void nft_add_elem(struct nft *nft, const struct nft_elem *e)
{
	put_elem(nft, NFT_MSG_NEWSETELEM, NLM_F_CREATE, e);
}

void nft_add_elem_excl(struct nft *nft, const struct nft_elem *e)
{
	put_elem(nft, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, e);
}

void nft_del_elem(struct nft *nft, const struct nft_elem *e)
{
	put_elem(nft, NFT_MSG_DELSETELEM, 0, e);
}

bool nft_is_empty(const struct nft *nft)
{
	return !nft->batch.len && !nft->elems;
}

int nft_send(const struct nft *nft, const void *data, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int room = 2 * len;

	/* A message has to fit into the socket's buffer whole. */
	if (len > SEND_BYTES &&
	    setsockopt(nft->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		return -1;
	return sendto(nft->fd, data, len, 0, (void *)&kernel, sizeof(kernel)) < 0 ? -1 : 0;
}

/* Read answers until the last message of the batch, or the batch as a whole (its first), was
 * answered. */
static int read_acks(struct nft *nft, uint32_t first, uint32_t last)
{
	char in[8192] __attribute__((aligned(8)));
	int error = 0;

	for (;;) {
		ssize_t got = recv(nft->fd, in, sizeof(in), 0);
		int len = got;

		if (got < 0 && errno != EINTR)
			return -1;
		for (struct nlmsghdr *h = (void *)in; got > 0 && mnl_nlmsg_ok(h, len);
		     h = mnl_nlmsg_next(h, &len)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

			if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq < first)
				continue;
			if (!error)
				error = -e->error;
			if (h->nlmsg_seq == last || h->nlmsg_seq == first)
				return error ? set_errno(error) : 0;
		}
	}
}

int nft_commit(struct nft *nft)
{
	struct nlmsghdr *h;
	uint32_t first, last;
	int sent;

	if (nft_is_empty(nft))
		return 0;
	put_elems(nft);
	first = ((struct nlmsghdr *)nft->batch.data)->nlmsg_seq;
	/* Failures are reported unasked; one success, the last, says that all are through.
	 * Questions may have been asked since, so that the sequence number is not its. */
	h = (struct nlmsghdr *)(nft->batch.data + nft->last);
	h->nlmsg_flags |= NLM_F_ACK;
	last = h->nlmsg_seq;
	mark(nft, NFNL_MSG_BATCH_END);
	sent = nft_send(nft, nft->batch.data, nft->batch.len);
	buf_reset(&nft->batch);
	return sent < 0 ? -1 : read_acks(nft, first, last);
}
