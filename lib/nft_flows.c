#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/nft_private.h"

enum { ANSWER_BYTES = 65536, MESSAGE_BYTES = 512 };

/* Which part of a tuple a filter looks at; the kernel keeps these to itself
 * (net/netfilter/nf_internals.h). */
enum { FILTER_PROTO_NUM = 1 << 3 };

struct flows {
	struct nft *nft;
	nft_flow_fn *is_wanted;
	void *arg;
	struct buf deletes;
};

static struct nlmsghdr *message(struct nft *nft, struct buf *out, int type, int flags, int family)
{
	return nft_header(buf_room(out, MESSAGE_BYTES), NFNL_SUBSYS_CTNETLINK, type, family, flags,
			  ++nft->seq);
}

static int keep(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;

	if (mnl_attr_get_type(attr) <= CTA_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void copy_addr(const struct nlattr *attr, uint8_t out[16])
{
	if (attr && mnl_attr_get_payload_len(attr) <= 16)
		memcpy(out, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
}

/* An address of a tuple, and the destination port where PORT is wanted. */
static void take_tuple(const struct nlattr *tuple, int v4, int v6, uint8_t addr[16], uint16_t *port)
{
	const struct nlattr *parts[CTA_MAX + 1] = { 0 }, *inner[CTA_MAX + 1] = { 0 };

	mnl_attr_parse_nested(tuple, keep, parts);
	if (parts[CTA_TUPLE_IP]) {
		mnl_attr_parse_nested(parts[CTA_TUPLE_IP], keep, inner);
		copy_addr(inner[v4] ? inner[v4] : inner[v6], addr);
	}
	memset(inner, 0, sizeof(inner));
	if (!port || !parts[CTA_TUPLE_PROTO])
		return;
	mnl_attr_parse_nested(parts[CTA_TUPLE_PROTO], keep, inner);
	if (inner[CTA_PROTO_DST_PORT])
		*port = ntohs(mnl_attr_get_u16(inner[CTA_PROTO_DST_PORT]));
}

static int one_flow(const struct nlmsghdr *h, void *data)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(h);
	const struct nlattr *tb[CTA_MAX + 1] = { 0 };
	struct flows *f = data;
	struct nft_flow flow = { 0 };
	struct nlmsghdr *del;

	mnl_attr_parse(h, sizeof(*nfg), keep, tb);
	if (!tb[CTA_TUPLE_ORIG] || !tb[CTA_TUPLE_REPLY])
		return MNL_CB_OK;
	take_tuple(tb[CTA_TUPLE_ORIG], CTA_IP_V4_DST, CTA_IP_V6_DST, flow.to, &flow.port);
	take_tuple(tb[CTA_TUPLE_REPLY], CTA_IP_V4_SRC, CTA_IP_V6_SRC, flow.by, NULL);
	if (!f->is_wanted(f->arg, &flow))
		return MNL_CB_OK;
	del = message(f->nft, &f->deletes, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, nfg->nfgen_family);
	mnl_attr_put(del, CTA_TUPLE_ORIG | NLA_F_NESTED,
		     mnl_attr_get_payload_len(tb[CTA_TUPLE_ORIG]),
		     mnl_attr_get_payload(tb[CTA_TUPLE_ORIG]));
	if (tb[CTA_ID])
		mnl_attr_put(del, CTA_ID, mnl_attr_get_payload_len(tb[CTA_ID]),
			     mnl_attr_get_payload(tb[CTA_ID]));
	f->deletes.len += MNL_ALIGN(del->nlmsg_len);
	return MNL_CB_OK;
}

/* Ask for all flows of PROTOCOL; those that are wanted become delete messages. */
static int collect(struct flows *f, int family, uint8_t protocol)
{
	_buf_ struct buf out = { 0 }, in = { 0 };
	struct nlmsghdr *h = message(f->nft, &out, IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
	uint32_t seq = f->nft->seq;
	struct nlattr *nest = mnl_attr_nest_start(h, CTA_TUPLE_ORIG);
	struct nlattr *proto = mnl_attr_nest_start(h, CTA_TUPLE_PROTO);
	int more = MNL_CB_OK;

	mnl_attr_put_u8(h, CTA_PROTO_NUM, protocol);
	mnl_attr_nest_end(h, proto);
	mnl_attr_nest_end(h, nest);
	nest = mnl_attr_nest_start(h, CTA_FILTER);
	mnl_attr_put_u32(h, CTA_FILTER_ORIG_FLAGS, FILTER_PROTO_NUM);
	mnl_attr_put_u32(h, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(h, nest);
	if (nft_send(f->nft, h, h->nlmsg_len) < 0)
		return -1;
	while (more > 0) {
		ssize_t got = recv(f->nft->fd, buf_room(&in, ANSWER_BYTES), ANSWER_BYTES, 0);

		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			more = mnl_cb_run(in.data, got, seq, 0, one_flow, f);
	}
	return more < 0 ? -1 : 0;
}

/* One message at a time: each has an answer, and a flow that ended by itself (ENOENT) is as good as
 * deleted. */
static int delete_all(struct flows *f)
{
	char in[8192] __attribute__((aligned(8)));
	const struct nlmsghdr *h = (void *)f->deletes.data;
	int len = f->deletes.len;

	for (; len > 0 && mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len)) {
		ssize_t got;

		if (nft_send(f->nft, h, h->nlmsg_len) < 0)
			return -1;
		do
			got = recv(f->nft->fd, in, sizeof(in), 0);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return -1;
		if (mnl_cb_run(in, got, h->nlmsg_seq, 0, NULL, NULL) < 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

int nft_forget_flows(struct nft *nft, int family, uint8_t protocol, nft_flow_fn *is_wanted,
		     void *arg)
{
	struct flows f = { .nft = nft, .is_wanted = is_wanted, .arg = arg };
	int bad = collect(&f, family, protocol) || delete_all(&f);

	buf_free(&f.deletes);
	return bad ? -1 : 0;
}
