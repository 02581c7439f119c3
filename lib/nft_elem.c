#include <libmnl/libmnl.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/nft_private.h"

enum { ASK_BYTES = 4096, ANSWER_BYTES = 65536 };

static void put_comment(struct nftnl_set_elem *item, const char *comment)
{
	struct nftnl_udata_buf *words = nft_must(nftnl_udata_buf_alloc(NFT_COMMENT_BYTES + 2));

	nftnl_udata_put_strz(words, NFTNL_UDATA_SET_ELEM_COMMENT, comment);
	nftnl_set_elem_set(item, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(words),
			   nftnl_udata_buf_len(words));
	nftnl_udata_buf_free(words);
}

static struct nftnl_set *set_new(const struct nft *nft, const char *name)
{
	struct nftnl_set *s = nft_must(nftnl_set_alloc());

	nftnl_set_set_str(s, NFTNL_SET_TABLE, nft->table);
	nftnl_set_set_str(s, NFTNL_SET_NAME, name);
	return s;
}

void nft_elem_put(struct nftnl_set *s, const struct nft_elem *e, bool full)
{
	struct nftnl_set_elem *item = nft_must(nftnl_set_elem_alloc());

	nftnl_set_elem_set(item, NFTNL_SET_ELEM_KEY, e->key, e->key_bytes);
	if (e->flags)
		nftnl_set_elem_set_u32(item, NFTNL_SET_ELEM_FLAGS, e->flags);
	if (full && e->data_bytes)
		nftnl_set_elem_set(item, NFTNL_SET_ELEM_DATA, e->data, e->data_bytes);
	if (full && e->comment[0])
		put_comment(item, e->comment);
	nftnl_set_elem_add(s, item);
}

struct nftnl_set *nft_elem_set(const struct nft *nft, const struct nft_elem *e, bool full)
{
	struct nftnl_set *s = set_new(nft, e->set);

	nft_elem_put(s, e, full);
	return s;
}

void nft_drop_elems(struct nft *nft)
{
	if (nft->elems)
		nftnl_set_free(nft->elems);
	nft->elems = NULL;
}

/* Copy an attribute of at most MAX bytes; returns its length. */
static uint32_t take(struct nftnl_set_elem *item, uint16_t attr, void *to, uint32_t max)
{
	uint32_t len = 0;
	const void *from = nftnl_set_elem_get(item, attr, &len);

	if (!from || len > max)
		return 0;
	memcpy(to, from, len);
	return len;
}

static int find_comment(const struct nftnl_udata *attr, void *data)
{
	struct nft_elem *e = data;

	if (nftnl_udata_type(attr) == NFTNL_UDATA_SET_ELEM_COMMENT)
		snprintf(e->comment, sizeof(e->comment), "%.*s", nftnl_udata_len(attr),
			 (const char *)nftnl_udata_get(attr));
	return 0;
}

static void take_elem(struct nftnl_set_elem *item, struct nft_elem *e)
{
	uint32_t len = 0;
	const void *words = nftnl_set_elem_get(item, NFTNL_SET_ELEM_USERDATA, &len);

	e->key_bytes = take(item, NFTNL_SET_ELEM_KEY, e->key, sizeof(e->key));
	e->data_bytes = take(item, NFTNL_SET_ELEM_DATA, e->data, sizeof(e->data));
	if (nftnl_set_elem_is_set(item, NFTNL_SET_ELEM_FLAGS))
		e->flags = nftnl_set_elem_get_u32(item, NFTNL_SET_ELEM_FLAGS);
	e->comment[0] = '\0';
	if (words)
		nftnl_udata_parse(words, len, find_comment, e);
}

struct walk {
	const char *set;
	nft_elem_fn *fn;
	void *arg;
};

static int one_message(const struct nlmsghdr *h, void *data)
{
	const struct walk *w = data;
	struct nftnl_set *s = nft_must(nftnl_set_alloc());
	struct nftnl_set_elems_iter *iter;
	struct nftnl_set_elem *item;

	if (nftnl_set_elems_nlmsg_parse(h, s) < 0) {
		nftnl_set_free(s);
		return MNL_CB_ERROR;
	}
	iter = nft_must(nftnl_set_elems_iter_create(s));
	while ((item = nftnl_set_elems_iter_next(iter))) {
		struct nft_elem e = { .set = w->set };

		take_elem(item, &e);
		w->fn(w->arg, &e);
	}
	nftnl_set_elems_iter_destroy(iter);
	nftnl_set_free(s);
	return MNL_CB_OK;
}

/* Send question H and hand what comes back to W. */
static int ask(struct nft *nft, const struct nlmsghdr *h, struct walk *w)
{
	char *in = buf_room(&nft->batch, ANSWER_BYTES);
	bool dump = h->nlmsg_flags & NLM_F_DUMP;
	int more = MNL_CB_OK;

	if (nft_send(nft, h, h->nlmsg_len) < 0)
		return -1;
	while (more > 0) {
		ssize_t got = recv(nft->fd, in, ANSWER_BYTES, 0);

		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			more = mnl_cb_run(in, got, nft->seq, 0, one_message, w);
		if (got > 0 && !dump)
			break;
	}
	return more < 0 ? -1 : 0;
}

static void copy_elem(void *arg, const struct nft_elem *e)
{
	*(struct nft_elem *)arg = *e;
}

int nft_get_elem(struct nft *nft, struct nft_elem *e)
{
	char out[ASK_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr *h = nft_header(out, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSETELEM, NFPROTO_INET,
					0, ++nft->seq);
	struct nftnl_set *s = nft_elem_set(nft, e, false);
	struct walk w = { e->set, copy_elem, e };

	nftnl_set_elems_nlmsg_build_payload(h, s);
	nftnl_set_free(s);
	return ask(nft, h, &w);
}

int nft_each_elem(struct nft *nft, const char *set, nft_elem_fn *fn, void *arg)
{
	char out[ASK_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr *h = nft_header(out, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSETELEM, NFPROTO_INET,
					NLM_F_DUMP, ++nft->seq);
	struct nftnl_set *s = set_new(nft, set);
	struct walk w = { set, fn, arg };

	nftnl_set_elems_nlmsg_build_payload(h, s);
	nftnl_set_free(s);
	return ask(nft, h, &w);
}
