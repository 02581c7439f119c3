/* Netlink messages: what of libmnl we and libnftnl call, as libmnl.h declares it. Debian has no
 * libmnl.a, and loading the library took a tenth of `netns add`. Padding is always zeroed, and a
 * length over 2 GiB is refused; else there is no difference. Formats: netlink(7).
 */
#include <libmnl/libmnl.h>
#include <string.h>

#include "lib/base.h"

struct nlmsghdr *mnl_nlmsg_put_header(void *buf)
{
	struct nlmsghdr *h = buf;

	*h = (struct nlmsghdr){ .nlmsg_len = MNL_NLMSG_HDRLEN };
	return h;
}

void *mnl_nlmsg_put_extra_header(struct nlmsghdr *nlh, size_t size)
{
	void *at = (char *)nlh + nlh->nlmsg_len;

	memset(at, 0, MNL_ALIGN(size));
	nlh->nlmsg_len += MNL_ALIGN(size);
	return at;
}

bool mnl_nlmsg_ok(const struct nlmsghdr *nlh, int len)
{
	return len >= (int)sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) &&
	       nlh->nlmsg_len <= (unsigned)len;
}

struct nlmsghdr *mnl_nlmsg_next(const struct nlmsghdr *nlh, int *len)
{
	*len -= MNL_ALIGN(nlh->nlmsg_len);
	return (void *)((char *)nlh + MNL_ALIGN(nlh->nlmsg_len));
}

void *mnl_nlmsg_get_payload(const struct nlmsghdr *nlh)
{
	return (char *)nlh + MNL_NLMSG_HDRLEN;
}

void *mnl_nlmsg_get_payload_offset(const struct nlmsghdr *nlh, size_t offset)
{
	return (char *)nlh + MNL_NLMSG_HDRLEN + MNL_ALIGN(offset);
}

void *mnl_nlmsg_get_payload_tail(const struct nlmsghdr *nlh)
{
	return (char *)nlh + MNL_ALIGN(nlh->nlmsg_len);
}

/* An acknowledgement is an error of 0. */
static int take_error(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(*e))
		return set_errno(EBADMSG);
	if (!e->error)
		return MNL_CB_STOP;
	return set_errno(e->error < 0 ? (int)-(unsigned)e->error : e->error);
}

static int take(const struct nlmsghdr *h, mnl_cb_t fn, void *data)
{
	switch (h->nlmsg_type) {
	case NLMSG_ERROR:
		return take_error(h);
	case NLMSG_DONE:
		return MNL_CB_STOP;
	default:
		/* Below are the other control messages: nothing to do, or nothing to do about. */
		return h->nlmsg_type >= NLMSG_MIN_TYPE && fn ? fn(h, data) : MNL_CB_OK;
	}
}

int mnl_cb_run(const void *buf, size_t numbytes, unsigned seq, unsigned portid, mnl_cb_t cb_data,
	       void *data)
{
	const struct nlmsghdr *h = buf;
	int len = numbytes, then = MNL_CB_OK;

	for (; then > MNL_CB_STOP && mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len)) {
		/* 0 is what notifications have, and what a caller says who takes any. */
		if (h->nlmsg_pid && portid && h->nlmsg_pid != portid)
			return set_errno(ESRCH);
		if (h->nlmsg_seq && seq && h->nlmsg_seq != seq)
			return set_errno(EPROTO);
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			return set_errno(EINTR);
		then = take(h, cb_data, data);
	}
	return then;
}
