#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/nl_private.h"

int nl_open(struct nl *nl)
{
	int on = 1;

	memset(nl, 0, offsetof(struct nl, labels));
	nl->first = 1;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (nl->fd < 0)
		return -1;
	/* Both only make errors tell more. */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

void nl_close(struct nl *nl)
{
	close_fd(&nl->fd);
	nl->fd = -1;
}

struct nlmsghdr *nl_message(struct nl *nl, int type, int flags, const char *label, const char *name)
{
	unsigned n = nl->seq + 1 - nl->first;
	struct nlmsghdr *h;

	if (n >= NL_BATCH_MAX || nl->used + 1024 > sizeof(nl->data))
		abort();
	h = mnl_nlmsg_put_header(nl->data + nl->used);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = ++nl->seq;
	nl->labels[n] = label;
	snprintf(nl->names[n], sizeof(nl->names[n]), "%s", name);
	return h;
}

void nl_finish(struct nl *nl, const struct nlmsghdr *h)
{
	nl->used += MNL_ALIGN(h->nlmsg_len);
}

/* The kernel's own explanation, from an error message's attributes. */
static const char *kernel_words(const struct nlmsghdr *h)
{
	const struct nlattr *attr;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	mnl_attr_for_each(attr, h, sizeof(struct nlmsgerr))
	{
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return mnl_attr_get_str(attr);
	}
	return NULL;
}

void nl_note_failure(struct nl *nl, const struct nlmsghdr *h)
{
	unsigned n = h->nlmsg_seq - nl->first;
	const char *words = kernel_words(h);

	if (n >= NL_BATCH_MAX)
		return;
	snprintf(nl->what, sizeof(nl->what), "%s '%s'%s%s%s", nl->labels[n], nl->names[n],
		 words ? " (" : "", words ? words : "", words ? ")" : "");
}

/* Read one datagram of answers to this batch. Returns 1 when the last message was answered, else 0.
 */
static int read_acks(struct nl *nl, int *error)
{
	char in[4096] __attribute__((aligned(8)));
	ssize_t got = recv(nl->fd, in, sizeof(in), 0);
	int len = got;

	if (got < 0)
		return errno == EINTR ? 0 : -1;
	for (const struct nlmsghdr *h = (void *)in; mnl_nlmsg_ok(h, len);
	     h = mnl_nlmsg_next(h, &len)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

		if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq < nl->first)
			continue;
		if (e->error && !*error) {
			*error = -e->error;
			nl_note_failure(nl, h);
		}
		if (h->nlmsg_seq == nl->seq)
			return 1;
	}
	return 0;
}

int nl_send(struct nl *nl)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent = sendto(nl->fd, nl->data, nl->used, 0, (void *)&kernel, sizeof(kernel));

	nl->used = 0;
	return sent < 0 ? -1 : 0;
}

static struct nlmsghdr *last_message(struct nl *nl)
{
	struct nlmsghdr *h = (void *)nl->data;
	int len = nl->used;

	while (h->nlmsg_seq != nl->seq)
		h = mnl_nlmsg_next(h, &len);
	return h;
}

int nl_commit(struct nl *nl)
{
	int error = 0, done = 0;

	if (!nl->used)
		return 0;
	nl->what[0] = '\0';
	nl->first = ((struct nlmsghdr *)nl->data)->nlmsg_seq;
	/* Failures are reported unasked; one success, the last, says that all are through. */
	last_message(nl)->nlmsg_flags |= NLM_F_ACK;
	if (nl_send(nl) < 0)
		return -1;
	while (!done) {
		done = read_acks(nl, &error);
		if (done < 0)
			return -1;
	}
	nl->first = nl->seq + 1;
	return error ? set_errno(error) : 0;
}

const char *nl_what(const struct nl *nl)
{
	return nl->what[0] ? nl->what : "talk to the kernel by netlink";
}

int nl_dump(struct nl *nl, int type, size_t header, nl_dump_fn *fn, void *arg)
{
	char buf[32768] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int more = MNL_CB_OK;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++nl->seq;
	nl->first = nl->seq + 1;
	mnl_nlmsg_put_extra_header(h, header);
	if (sendto(nl->fd, h, h->nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return -1;
	/* The whole answer is read even when FN has seen enough: the next question starts clean. */
	while (more > 0) {
		ssize_t got = recv(nl->fd, buf, sizeof(buf), 0);

		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			more = mnl_cb_run(buf, got, nl->seq, 0, fn, arg);
	}
	return more < 0 ? -1 : 0;
}
