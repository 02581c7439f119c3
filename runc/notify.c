#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/sock.h"
#include "lib/str.h"
#include "runc/notify.h"

#define DIRECTORY "notify"
enum { BARRIER_MS = 30000, MESSAGE_MAX = 4096 };

static const char *host_socket(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path ? path : NULL;
}

void notify_prepare(struct launch *l)
{
	if (!host_socket())
		return;
	if (mkdirat(l->container->dirfd, DIRECTORY, 0755))
		die("make the directory of the notify socket");
	strv_setenv(&l->env, "NOTIFY_SOCKET=/run/notify/notify.sock");
}

void notify_open_mount(struct launch *l)
{
	uint64_t attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			 MOUNT_ATTR_NOEXEC;

	if (!host_socket())
		return;
	l->notifyfd = mnt_clone(l->container->dirfd, DIRECTORY, false);
	if (l->notifyfd < 0 || mnt_change(l->notifyfd, attrs, 0, false) ||
	    mnt_propagate(l->notifyfd, MS_PRIVATE, false))
		die("open the directory of the notify socket");
}

void notify_attach(const struct launch *l, int rootfd)
{
	_close_ int targetfd = -1;

	if (l->notifyfd < 0)
		return;
	targetfd = target_open(rootfd, "/run/notify", true);
	if (targetfd < 0 || mnt_attach(l->notifyfd, targetfd))
		die("mount the notify socket on '/run/notify'");
}

int notify_open(const struct container *c)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char link[FD_LINK_MAX];

	if (!host_socket())
		return -1;

	_close_ int dirfd = openat(c->dirfd, DIRECTORY, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (dirfd < 0)
		return -1;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/notify.sock", fd_link(dirfd, link));

	mode_t old = umask(0);
	int rc = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&addr, sizeof(addr));

	umask(old);
	if (rc)
		die("bind the notify socket");
	return steal_fd(&fd);
}

static int connect_host(void)
{
	const char *path = host_socket();
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!len || len >= sizeof(addr.sun_path))
		return set_errno(EINVAL);
	memcpy(addr.sun_path, path, len);
	/* An abstract one is written with '@'. */
	if (*path == '@')
		addr.sun_path[0] = '\0';
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)))
		return -1;
	return steal_fd(&fd);
}

/* The manager closes the pipe when it has worked off what came before: only then may we end. */
static int wait_barrier(int hostfd)
{
	struct pollfd p = { .events = 0 };
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC))
		return -1;

	_close_ int readfd = ends[0];

	rc = sock_send_fds(hostfd, "BARRIER=1", strlen("BARRIER=1"), &ends[1], 1);
	close(ends[1]);
	p.fd = readfd;
	if (!rc)
		poll(&p, 1, BARRIER_MS);
	return rc;
}

static void tell_host(pid_t pid)
{
	_close_ int fd = connect_host();
	char main_pid[32];
	int n = snprintf(main_pid, sizeof(main_pid), "MAINPID=%d", (int)pid);

	if (fd < 0 || sock_send_fds(fd, "READY=1", strlen("READY=1"), NULL, 0) ||
	    sock_send_fds(fd, main_pid, (size_t)n, NULL, 0) || wait_barrier(fd))
		warn("notify the service manager");
}

bool notify_take(int fd, pid_t pid)
{
	_strv_ struct strv lines = { 0 };
	char msg[MESSAGE_MAX];
	ssize_t n = recv(fd, msg, sizeof(msg) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return false;
	msg[n] = '\0';
	strv_split(&lines, msg, '\n');
	if (strv_index(lines.v, "READY=1") < 0)
		return false;
	tell_host(pid);
	return true;
}

void notify_wait(int fd, pid_t pid, int pidfd)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };

	while (fd >= 0 && (poll(p, 2, -1) >= 0 || errno == EINTR)) {
		if ((p[0].revents && notify_take(fd, pid)) || p[1].revents)
			return;
	}
}
