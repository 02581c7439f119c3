#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/nft_private.h"

enum { ASK_BYTES = 4096 };

struct seen {
	const char *comment;
	bool same;
};

static int compare(const struct nftnl_udata *attr, void *data)
{
	struct seen *seen = data;

	if (nftnl_udata_type(attr) == NFTNL_UDATA_TABLE_COMMENT &&
	    !strncmp(nftnl_udata_get(attr), seen->comment, nftnl_udata_len(attr)))
		seen->same = true;
	return 0;
}

static int found(const struct nlmsghdr *h, void *data)
{
	struct nftnl_table *t = nft_must(nftnl_table_alloc());
	uint32_t len = 0;

	if (nftnl_table_nlmsg_parse(h, t) >= 0 && nftnl_table_is_set(t, NFTNL_TABLE_USERDATA)) {
		const void *words = nftnl_table_get_data(t, NFTNL_TABLE_USERDATA, &len);

		nftnl_udata_parse(words, len, compare, data);
	}
	nftnl_table_free(t);
	return MNL_CB_OK;
}

int nft_has_table_of(struct nft *nft, const char *comment)
{
	char buf[ASK_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr *h = nft_header(buf, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETTABLE, NFPROTO_INET,
					0, ++nft->seq);
	struct seen seen = { comment, false };
	ssize_t got;

	mnl_attr_put_strz(h, NFTA_TABLE_NAME, nft->table);
	if (nft_send(nft, h, h->nlmsg_len) < 0)
		return -1;
	do
		got = recv(nft->fd, buf, sizeof(buf), 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	if (mnl_cb_run(buf, got, nft->seq, 0, found, &seen) >= 0)
		return seen.same ? 1 : 2;
	return errno == ENOENT ? 0 : -1;
}

int nft_has_table(struct nft *nft)
{
	int has = nft_has_table_of(nft, "");

	return has > 0 ? 1 : has;
}
