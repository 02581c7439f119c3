#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/dev.h"

const struct dev dev_defaults[] = {
	{ "/dev/null", S_IFCHR | 0666, 1, 3, 0, 0 },
	{ "/dev/zero", S_IFCHR | 0666, 1, 5, 0, 0 },
	{ "/dev/full", S_IFCHR | 0666, 1, 7, 0, 0 },
	{ "/dev/random", S_IFCHR | 0666, 1, 8, 0, 0 },
	{ "/dev/urandom", S_IFCHR | 0666, 1, 9, 0, 0 },
	{ "/dev/tty", S_IFCHR | 0666, 5, 0, 0, 0 },
	{ .path = NULL },
};

bool dev_is(int fd, const struct dev *d)
{
	struct stat st;

	if (fstat(fd, &st) || (st.st_mode & S_IFMT) != (d->mode & S_IFMT))
		return false;
	return S_ISFIFO(d->mode) || st.st_rdev == makedev(d->major, d->minor);
}

static int make_node(int dirfd, const char *name, const struct dev *d)
{
	int rc = mknodat(dirfd, name, d->mode, makedev(d->major, d->minor));

	if (rc || (!d->uid && !d->gid))
		return rc;
	return fchownat(dirfd, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW);
}

int dev_make(int dirfd, const char *name, const struct dev *d)
{
	if (!make_node(dirfd, name, d))
		return 0;
	if (errno != EEXIST)
		return -1;

	_close_ int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return dev_is(fd, d) ? 0 : set_errno(EEXIST);
}

int dev_open_null(void)
{
	_close_ int fd = open("/dev/null", O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return dev_is(fd, &dev_defaults[0]) ? steal_fd(&fd) : set_errno(ENODEV);
}
