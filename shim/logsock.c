/* logsock.c - a socket to a log service. */
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"
#include "shim/log.h"
#include "shim/logsock.h"

enum { RETRY_FIRST_MS = 100, RETRY_LAST_MS = 30000, PARTS_MAX = 8 };

static int unix_address(struct logsock *s, const char *path, int type)
{
	if (*path != '/' || strlen(path) >= sizeof(s->addr.un.sun_path))
		return set_errno(EINVAL);
	s->type = type;
	s->addr.un.sun_family = AF_UNIX;
	memcpy(s->addr.un.sun_path, path, strlen(path) + 1);
	s->addr_len = sizeof(s->addr.un);
	return 0;
}

/* Cut "IP:PORT", "[IP]:PORT" or either without a port, in place. */
static int split_port(char *text, char **ip, uint32_t *port)
{
	char *end = *text == '[' ? strchr(text, ']') : NULL, *colon;

	if (*text == '[' && !end)
		return -1;
	*ip = end ? text + 1 : text;
	colon = end ? end + 1 : strrchr(text, ':');
	if (end)
		*end = '\0';
	if (!colon || !*colon)
		return 0;
	if (*colon != ':' || num_u32(colon + 1, port) < 0 || !*port || *port > UINT16_MAX)
		return -1;
	*colon = '\0';
	return 0;
}

static int inet_address(struct logsock *s, const char *text, int type, uint32_t port)
{
	_free_ char *copy = xstrdup(text);
	struct sockaddr_in *v4 = (struct sockaddr_in *)&s->addr.storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&s->addr.storage;
	char *ip;

	if (split_port(copy, &ip, &port) < 0)
		return set_errno(EINVAL);
	s->type = type;
	if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		s->addr_len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		s->addr_len = sizeof(*v6);
	} else {
		return set_errno(EINVAL);
	}
	return 0;
}

int logsock_address(struct logsock *s, const char *text, uint16_t default_port)
{
	const char *rest;

	*s = (struct logsock){ .fd = -1 };
	if ((rest = str_after(text, "unixgram:")))
		return unix_address(s, str_starts(rest, "//") ? rest + 2 : rest, SOCK_DGRAM);
	if ((rest = str_after(text, "unix:")))
		return unix_address(s, str_starts(rest, "//") ? rest + 2 : rest, SOCK_STREAM);
	if ((rest = str_after(text, "udp://")))
		return inet_address(s, rest, SOCK_DGRAM, default_port);
	if ((rest = str_after(text, "tcp://")))
		return inet_address(s, rest, SOCK_STREAM, default_port);
	return set_errno(EINVAL);
}

/* Wait for room, or for a connection to stand. Returns 0 or -1. */
static int await(struct logsock *s)
{
	struct pollfd p = { s->fd, POLLOUT, 0 };
	int error = 0;
	socklen_t len = sizeof(error);

	if (s->tired || poll(&p, 1, LOG_PATIENCE_MS) <= 0) {
		s->tired = true;
		return set_errno(ETIMEDOUT);
	}
	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error ? set_errno(error) : 0;
}

int logsock_connect(struct logsock *s)
{
	s->fd = socket(s->addr.any.sa_family, s->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -1;
	if (connect(s->fd, &s->addr.any, s->addr_len) == 0 ||
	    (errno == EINPROGRESS && await(s) == 0)) {
		s->retry_ms = 0;
		return 0;
	}
	logsock_close(s);
	return -1;
}

static int connect_again(struct logsock *s)
{
	int64_t now = clock_ms();

	if (now < s->retry_at_ms)
		return set_errno(ENOTCONN);
	if (logsock_connect(s) == 0)
		return 0;
	s->retry_ms = !s->retry_ms			? RETRY_FIRST_MS
		      : s->retry_ms < RETRY_LAST_MS / 2 ? 2 * s->retry_ms
							: RETRY_LAST_MS;
	s->retry_at_ms = now + s->retry_ms;
	return -1;
}

/* Leave out the first n bytes. */
static void skip(struct msghdr *msg, size_t n)
{
	while (msg->msg_iovlen && n >= msg->msg_iov->iov_len) {
		n -= msg->msg_iov->iov_len;
		msg->msg_iov++;
		msg->msg_iovlen--;
	}
	if (msg->msg_iovlen) {
		msg->msg_iov->iov_base = (char *)msg->msg_iov->iov_base + n;
		msg->msg_iov->iov_len -= n;
	}
}

/* All of it. *begun: some of it is on its way, so that a failure leaves a torn message. */
static int send_all(struct logsock *s, const struct msghdr *msg, bool *begun)
{
	struct iovec iov[PARTS_MAX];
	struct msghdr left = *msg;

	if (msg->msg_iovlen > PARTS_MAX)
		return set_errno(EINVAL);
	memcpy(iov, msg->msg_iov, msg->msg_iovlen * sizeof(*iov));
	left.msg_iov = iov;
	while (left.msg_iovlen) {
		ssize_t n = sendmsg(s->fd, &left, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			*begun = true;
			skip(&left, (size_t)n);
		} else if (errno != EINTR && (errno != EAGAIN || await(s) < 0)) {
			return -1;
		}
	}
	s->tired = false;
	return 0;
}

int logsock_send(struct logsock *s, const struct msghdr *msg)
{
	/* A service that was restarted is there again at once: the second try finds it. */
	for (int tries = 0; tries < 2; tries++) {
		bool begun = false;

		if (s->fd < 0 && connect_again(s) < 0)
			return -1;
		if (send_all(s, msg, &begun) == 0)
			return 0;
		if (errno == EMSGSIZE || (errno == ETIMEDOUT && !begun))
			return -1;
		logsock_close(s);
		if (begun && s->type == SOCK_STREAM)
			return -1;
	}
	return -1;
}

void logsock_close(struct logsock *s)
{
	int saved = errno;

	if (s->fd >= 0)
		close(steal_fd(&s->fd));
	errno = saved;
}
