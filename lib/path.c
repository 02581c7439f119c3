#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/mem.h"
#include "lib/path.h"
#include "lib/sys.h"

int path_open_in_root(int dirfd, const char *path, int flags)
{
	return sys_openat2(dirfd, path, (uint64_t)flags, 0,
			   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int path_open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
	return sys_openat2(dirfd, path, (uint64_t)flags, mode,
			   RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

int path_open_strict(int dirfd, const char *path, int flags)
{
	return sys_openat2(dirfd, path, (uint64_t)flags, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
				   RESOLVE_NO_XDEV);
}

/* Resolve the first LEN bytes of PATH as a directory inside the root. */
static int open_prefix(int dirfd, const char *path, size_t len)
{
	_free_ char *prefix = len ? xmemdup0(path, len) : xstrdup(".");

	return path_open_in_root(dirfd, prefix, O_PATH | O_DIRECTORY);
}

/* Make the missing components of PATH one at a time; each is created by name in a directory that
 * was resolved inside the root, so that a link swapped in meanwhile can only redirect within it. */
int path_make_dirs(int dirfd, const char *path, mode_t mode)
{
	_close_ int at = open_prefix(dirfd, path, strlen(path));
	size_t end = 0;

	if (at >= 0 || errno != ENOENT)
		return steal_fd(&at);
	while (path[end]) {
		size_t start = end + strspn(path + end, "/");
		size_t len = strcspn(path + start, "/");
		int next = open_prefix(dirfd, path, start + len);

		if (next < 0 && errno == ENOENT) {
			_free_ char *name = xmemdup0(path + start, len);

			if (at < 0)
				at = open_prefix(dirfd, path, end);
			/* EEXIST: somebody else made it, or it is a dangling link, which the open
			 * below reports. */
			if (at < 0 || (mkdirat(at, name, mode) && errno != EEXIST))
				return -1;
			next = open_prefix(dirfd, path, start + len);
		}
		if (next < 0)
			return -1;
		close_fd(&at);
		at = next;
		end = start + len;
	}
	return steal_fd(&at);
}

int path_open_parent(int dirfd, const char *path, char **name)
{
	size_t end = strlen(path), start;

	while (end && path[end - 1] == '/')
		end--;
	for (start = end; start && path[start - 1] != '/'; start--)
		continue;

	_free_ char *last = xmemdup0(path + start, end - start);
	_free_ char *parent = xmemdup0(path, start);

	if (!*last || !strcmp(last, ".") || !strcmp(last, ".."))
		return set_errno(EINVAL);

	int fd = path_make_dirs(dirfd, *parent ? parent : "/", 0755);

	if (fd >= 0)
		*name = steal_ptr(&last);
	return fd;
}

int path_mkdirs(const char *path, mode_t mode)
{
	_free_ char *copy = xstrdup(path);

	if (!mkdir(path, mode) || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -1;
	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, mode) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return mkdir(path, mode) && errno != EEXIST ? -1 : 0;
}

int path_open_dir(const char *path, mode_t mode)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	return path_mkdirs(path, mode) ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_same(int dirfd, const char *name, int fd)
{
	struct stat a, b;

	return !fstat(fd, &a) && !fstatat(dirfd, name, &b, AT_SYMLINK_NOFOLLOW) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int path_lock_dir(int dirfd, const char *name, bool exclusive, bool nowait)
{
	int how = (exclusive ? LOCK_EX : LOCK_SH) | (nowait ? LOCK_NB : 0);

	for (;;) {
		_close_ int fd = openat(dirfd, name,
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			return -1;
		while (flock(fd, how)) {
			if (errno != EINTR)
				return -1;
		}
		if (is_same(dirfd, name, fd))
			return steal_fd(&fd);
	}
}
