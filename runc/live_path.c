#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runc/live.h"

/* By the host's proc, which is our working directory for that moment: the container's cannot be
 * trusted. */
static int unmount(const struct live_place *in, int fd)
{
	char link[32];

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	return fchdir(in->procfd) ? -1 : umount2(link, MNT_DETACH);
}

uint64_t live_mount_id(int fd)
{
	struct statx sx;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) ||
	    !(sx.stx_mask & STATX_MNT_ID))
		return 0;
	return sx.stx_mnt_id;
}

static bool is_mount(int fd)
{
	struct statx sx;

	return !statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx) &&
	       sx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* Is DIRFD, where PATH's last component is, in proc or sysfs without PATH saying so? The container
 * can rename a directory above a mount point and put a link in its place, to have us take away what
 * masks those. */
static bool is_misled(int dirfd, const char *path)
{
	struct statfs fs;

	if (str_starts(path, "/proc/") || str_starts(path, "/sys/"))
		return false;
	return fstatfs(dirfd, &fs) || fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC;
}

/* The directory PATH's last component is in, and that, malloc'd. */
static int open_directory_of(const struct live_place *in, const char *path, char **name)
{
	size_t len = strlen(path);
	const char *slash;

	while (len && path[len - 1] == '/')
		len--;
	slash = memrchr(path, '/', len);

	size_t at = slash ? (size_t)(slash + 1 - path) : 0;
	_free_ char *dir = at ? xmemdup0(path, at) : xstrdup("/");
	_close_ int fd = path_open_in_root(in->rootfd, dir, O_PATH | O_DIRECTORY);

	*name = xmemdup0(path + at, len - at);
	if (fd < 0)
		return -1;
	if (is_misled(fd, path) || str_eq(*name, ".") || str_eq(*name, ".."))
		return set_errno(EXDEV);
	return steal_fd(&fd);
}

/* What is gone already is no failure: of a removal that failed half way, the rest can be tried
 * again. But it may only be elsewhere. */
static int tell_gone(const char *what, const char *path)
{
	warnx("no %s is at '%s' any more", what, path);
	return 0;
}

static bool is_missing(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

static bool is_link(int fd)
{
	struct stat st;

	return fstat(fd, &st) || S_ISLNK(st.st_mode);
}

int live_unmount(const struct live_place *in, const char *path, uint64_t id)
{
	_free_ char *name = NULL;
	_close_ int dirfd = open_directory_of(in, path, &name);
	_close_ int fd = dirfd < 0 ? -1 : openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return is_missing() ? tell_gone("mount", path) : -1;
	if (is_mount(fd))
		return id && live_mount_id(fd) != id ? set_errno(EXDEV) : unmount(in, fd);
	return is_link(fd) ? set_errno(ELOOP) : tell_gone("mount", path);
}

int live_unmake(const struct live_place *in, const char *path)
{
	_free_ char *name = NULL;
	_close_ int dirfd = open_directory_of(in, path, &name);
	_close_ int fd = dirfd < 0 ? -1 : openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return is_missing() ? tell_gone("device", path) : -1;
	/* In a user namespace it is the host's node, bound on a file. */
	if (is_mount(fd) && unmount(in, fd))
		return -1;
	return unlinkat(dirfd, name, 0) && errno != ENOENT ? -1 : 0;
}
