#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/nl_private.h"

static int one_socket(const struct nlmsghdr *h, void *arg)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	unsigned port = ntohs(m->id.idiag_sport);
	uint8_t *map = arg;

	map[port / 8] |= 1 << port % 8;
	return MNL_CB_OK;
}

/* Ask for those of a family: listeners of TCP, all of UDP, which has no connections. */
static int dump(int fd, int family, int protocol, uint8_t *map)
{
	char buf[32768] __attribute__((aligned(8)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(h, sizeof(*req));
	unsigned seq = family;
	int more = MNL_CB_OK;

	h->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = seq;
	req->sdiag_family = family;
	req->sdiag_protocol = protocol;
	req->idiag_states = protocol == IPPROTO_TCP ? 1 << TCP_LISTEN : UINT32_MAX;
	if (sendto(fd, h, h->nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return -1;
	while (more > 0) {
		ssize_t got = recv(fd, buf, sizeof(buf), 0);

		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			more = mnl_cb_run(buf, got, seq, 0, one_socket, map);
	}
	return more < 0 ? -1 : 0;
}

int nl_ports_in_use(int protocol, uint8_t map[NL_PORT_MAP_BYTES])
{
	_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	memset(map, 0, NL_PORT_MAP_BYTES);
	if (fd < 0 || dump(fd, AF_INET, protocol, map) || dump(fd, AF_INET6, protocol, map))
		return -1;
	return 0;
}
