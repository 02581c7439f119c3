#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/sock.h"

/* Fill ADDR with PATH, or with /proc/self/fd/N/NAME where it is too long; then *DIRFD must stay
 * open for the call. */
static int make_address(const char *path, struct sockaddr_un *addr, int *dirfd)
{
	const char *slash = strrchr(path, '/');
	char link[FD_LINK_MAX];

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof(addr->sun_path)) {
		memcpy(addr->sun_path, path, strlen(path) + 1);
		return 0;
	}
	if (!slash)
		return set_errno(ENAMETOOLONG);

	_free_ char *dir = xmemdup0(path, (size_t)(slash - path));

	*dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dirfd < 0)
		return -1;
	if (snprintf(addr->sun_path, sizeof(addr->sun_path), "%s%s", fd_link(*dirfd, link),
		     slash) >= (int)sizeof(addr->sun_path))
		return set_errno(ENAMETOOLONG);
	return 0;
}

int sock_connect(const char *path, int type)
{
	_close_ int dirfd = -1;
	struct sockaddr_un addr;

	if (make_address(path, &addr, &dirfd))
		return -1;

	_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return steal_fd(&fd);
}

static bool nobody_listens(const char *path, int type)
{
	_close_ int fd = sock_connect(path, type);

	return fd < 0 && errno == ECONNREFUSED;
}

int sock_listen(const char *path, int type, mode_t mode, int backlog)
{
	_close_ int dirfd = -1;
	struct sockaddr_un addr;

	if (make_address(path, &addr, &dirfd))
		return -1;

	_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* The mode must be right from the first moment: umask decides it, not a later chmod. */
	mode_t old = umask(0777 & ~mode);
	int rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr));

	if (rc && errno == EADDRINUSE && nobody_listens(path, type) && !unlink(path))
		rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr));

	int saved = errno;

	umask(old);
	if (rc)
		return set_errno(saved);
	return listen(fd, backlog) ? -1 : steal_fd(&fd);
}

int sock_send_fds(int sock, const void *data, size_t len, const int *fds, size_t nfds)
{
	union {
		char bytes[CMSG_SPACE(SOCK_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (nfds > SOCK_FDS_MAX)
		return set_errno(EINVAL);
	if (nfds) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));

		struct cmsghdr *c = &control.align;

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	return (size_t)n == len ? 0 : set_errno(EMSGSIZE);
}

static void take_fds(struct cmsghdr *c, int *fds, size_t *nfds, size_t room)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (*nfds < room)
			fds[(*nfds)++] = fd;
		else
			close(fd);
	}
}

ssize_t sock_recv_fds(int sock, void *data, size_t len, int *fds, size_t *nfds)
{
	union {
		char bytes[CMSG_SPACE(SOCK_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	size_t room = *nfds;
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	*nfds = 0;
	if (n < 0)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			take_fds(c, fds, nfds, room);
	}
	return n;
}
