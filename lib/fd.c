#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib/fd.h"
#include "lib/mem.h"

int fd_set_cloexec(int fd, bool on)
{
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0);
}

bool fd_is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

void fd_raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l))
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

int fd_cloexec_from(unsigned int first)
{
	return close_range(first, ~0U, CLOSE_RANGE_CLOEXEC);
}

int fd_close_from(unsigned int first)
{
	return close_range(first, ~0U, 0);
}

int fd_install(int fd, int target)
{
	if (fd == target)
		return fd_set_cloexec(fd, false);
	return dup2(fd, target) < 0 ? -1 : 0;
}

char *fd_link(int fd, char buf[FD_LINK_MAX])
{
	snprintf(buf, FD_LINK_MAX, "/proc/self/fd/%d", fd);
	return buf;
}

char *fd_path(int fd)
{
	char link[FD_LINK_MAX], path[PATH_MAX];
	ssize_t n = readlink(fd_link(fd, link), path, sizeof(path));

	if (n < 0)
		return NULL;
	if ((size_t)n == sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return xmemdup0(path, (size_t)n);
}

int fd_fill_stdio(void)
{
	for (;;) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return -1;
		if (fd > STDERR_FILENO)
			return close(fd);
		if (fd_set_cloexec(fd, false))
			return -1;
	}
}
