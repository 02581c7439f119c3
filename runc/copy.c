#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "runc/launch.h"

enum { DEPTH_MAX = 256, XATTR_MAX = 65536 };

/* As far as tmpfs takes them. */
static void copy_xattrs(int from, int to)
{
	_free_ char *names = xmalloc(XATTR_MAX), *value = xmalloc(XATTR_MAX);
	ssize_t len = flistxattr(from, names, XATTR_MAX);

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t n = fgetxattr(from, names + at, value, XATTR_MAX);

		if (n >= 0 && fsetxattr(to, names + at, value, (size_t)n, 0))
			continue;
	}
}

/* Owner first: changing it clears set-id bits. */
static int copy_meta(int from, int to)
{
	struct stat st;

	if (fstat(from, &st) || fchown(to, st.st_uid, st.st_gid) || fchmod(to, st.st_mode & 07777))
		return -1;
	copy_xattrs(from, to);
	return futimens(to, (struct timespec[]){ st.st_atim, st.st_mtim });
}

static int copy_file(int fromdir, int todir, const char *name)
{
	_close_ int from = openat(fromdir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_close_ int to = openat(todir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (from < 0 || to < 0 || io_copy(from, to) < 0)
		return -1;
	return copy_meta(from, to);
}

static int copy_link(int fromdir, int todir, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fromdir, name, target, sizeof(target) - 1);

	if (n < 0)
		return -1;
	target[n] = '\0';
	if (symlinkat(target, todir, name))
		return -1;
	return fchownat(todir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
}

static int copy_special(int todir, const char *name, const struct stat *st)
{
	if (S_ISSOCK(st->st_mode))
		return 0;
	if (mknodat(todir, name, st->st_mode, st->st_rdev))
		return -1;
	return fchownat(todir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
}

static int copy_dir(int fromdir, int todir, const char *name, int depth);

static int copy_entry(int fromdir, int todir, const char *name, int depth)
{
	struct stat st;

	if (fstatat(fromdir, name, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (S_ISDIR(st.st_mode))
		return mkdirat(todir, name, 0700) ? -1 : copy_dir(fromdir, todir, name, depth + 1);
	if (S_ISREG(st.st_mode))
		return copy_file(fromdir, todir, name);
	if (S_ISLNK(st.st_mode))
		return copy_link(fromdir, todir, name, &st);
	return copy_special(todir, name, &st);
}

static int copy_entries(DIR *d, int todir, int depth)
{
	struct dirent *e;

	while ((errno = 0, e = readdir(d))) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		if (copy_entry(dirfd(d), todir, e->d_name, depth))
			return -1;
	}
	return errno ? -1 : 0;
}

static int copy_dir(int fromdir, int todir, const char *name, int depth)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_close_ int from = openat(fromdir, name, flags);
	_close_ int to = openat(todir, name, flags);
	DIR *d;
	int rc;

	if (depth > DEPTH_MAX)
		return set_errno(ELOOP);
	if (from < 0 || to < 0)
		return -1;
	d = fdopendir(from);
	if (!d)
		return -1;
	steal_fd(&from);
	rc = copy_entries(d, to, depth);
	/* The tmpfs itself is as its mount options say. */
	if (!rc && depth)
		rc = copy_meta(dirfd(d), to);
	closedir(d);
	return rc;
}

int copy_tree(int fromfd, int tofd)
{
	return copy_dir(fromfd, tofd, ".", 0);
}
