#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "imgunpack/apply.h"
#include "lib/die.h"
#include "lib/io.h"

/* Too many links to one file (ext4 has 65000): the rest become copies. */
static int copy_instead(int dirfd, const char *name, const struct spot *s)
{
	_close_ int in = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC),
		    out = -1;
	struct stat st;

	if (in < 0 || fstat(in, &st))
		return errno == ELOOP ? set_errno(EMLINK) : -1;
	if (!S_ISREG(st.st_mode))
		return set_errno(EMLINK);
	out = openat(s->dir->fd, s->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		     0600);
	if (out < 0 || io_copy(in, out) < 0 || fchown(out, st.st_uid, st.st_gid) ||
	    fchmod(out, st.st_mode & 07777) || attr_copy(in, out) < 0)
		return -1;
	return futimens(out, (const struct timespec[2]){ st.st_mtim, st.st_mtim });
}

static int link_or_copy(int dirfd, const char *name, const struct spot *s)
{
	if (!linkat(dirfd, name, s->dir->fd, s->name, 0))
		return 0;
	return errno == EMLINK ? copy_instead(dirfd, name, s) : -1;
}

static bool is_same(int dirfd, const char *name, const struct spot *s)
{
	struct stat x, y;

	return !fstatat(dirfd, name, &x, AT_SYMLINK_NOFOLLOW) &&
	       !fstatat(s->dir->fd, s->name, &y, AT_SYMLINK_NOFOLLOW) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* The directory of a link's target as a descriptor of our own (the cache may be flushed meanwhile),
 * and its name. */
static int open_target(struct apply *a, const struct tar_entry *e, const struct spot *s,
		       char target[PATH_MAX], const char **name)
{
	if (strlen(e->link) >= PATH_MAX)
		diex("link '%s': target longer than %d bytes", s->path, PATH_MAX - 1);
	memcpy(target, e->link, strlen(e->link) + 1);
	if (tar_clean_path(target) < 0 || !*target)
		diex("link '%s' to '%s': not a path within the image", s->path, e->link);

	char *slash = strrchr(target, '/');
	const struct place_dir *dir = place_open(&a->place, target,
						 slash ? (size_t)(slash - target) : 0);

	*name = slash ? slash + 1 : target;
	return dir ? fcntl(dir->fd, F_DUPFD_CLOEXEC, 0) : -1;
}

/* A link has no attributes of its own: they are its target's, and what the entry says of them is
 * ignored. */
int entry_link(struct apply *a, struct spot *s, const struct tar_entry *e,
	       _unused_ struct tar_reader *r)
{
	char target[PATH_MAX];
	const char *name;
	size_t parent = s->name > s->path ? (size_t)(s->name - s->path - 1) : 0;
	_close_ int dirfd = open_target(a, e, s, target, &name);
	struct stat st;

	if (dirfd < 0 || fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    (a->how == APPLY_ALONE && whiteout_is_marker(dirfd, name))) {
		if (apply_is_alone(a) && (dirfd >= 0 || errno == ENOENT || errno == ENOTDIR))
			return 1;
		die("link '%s' to '%s'", s->path, e->link);
	}
	s->dir = place_open(&a->place, s->path, parent);
	if (!s->dir)
		die("unpack '%s'", s->path);
	while (link_or_copy(dirfd, name, s)) {
		int err = errno;

		if (err == EEXIST && is_same(dirfd, name, s))
			return 0;
		if (err != EEXIST)
			die("link '%s' to '%s'", s->path, e->link);
		errno = err;
		entry_make_way(a, s);
	}
	return 0;
}
