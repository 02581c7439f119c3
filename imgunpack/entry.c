#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "imgunpack/apply.h"
#include "imgunpack/attr.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"

static void note_written(struct apply *a, const struct spot *s)
{
	if (a->how == APPLY_OVER)
		map_put(&a->written, map_key(s->dir->ino, s->name), 1);
}

/* Parents that no entry has described belong to root, and to no time. */
static const struct place_dir *make_parent(struct apply *a, const struct place_dir *dir,
					   const char *path, size_t start, size_t end)
{
	_free_ char *name = xmemdup0(path + start, end - start), *whole = xmemdup0(path, end);

	if (mkdirat(dir->fd, name, 0755))
		return NULL;
	map_put(&a->written, map_key(dir->ino, name), 1);
	dir = place_enter(&a->place, dir, name, whole);
	if (dir)
		times_set(&a->times, dir->ino, whole, (struct timespec){ 0 });
	return dir;
}

/* A file of a lower layer that stands where this layer needs a directory gives way. */
static bool clear_file(struct apply *a, const struct place_dir *dir, const char *path, size_t start,
		       size_t end)
{
	_free_ char *name = xmemdup0(path + start, end - start);
	struct stat st;

	return a->how == APPLY_OVER && !map_get(&a->written, map_key(dir->ino, name)) &&
	       !fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) && !S_ISDIR(st.st_mode) &&
	       !S_ISLNK(st.st_mode) && !unlinkat(dir->fd, name, 0);
}

/* Walk down PATH, making what is missing. */
static const struct place_dir *make_parents(struct apply *a, const char *path, size_t len)
{
	const struct place_dir *dir = place_open(&a->place, "", 0);

	for (size_t start = 0, end; start < len && dir; start = end + 1) {
		end = start + strcspn(path + start, "/");
		if (end > len)
			end = len;

		const struct place_dir *next = place_open(&a->place, path, end);

		if (!next) {
			bool gone = errno == ENOENT;

			dir = place_open(&a->place, path, start ? start - 1 : 0);
			if (dir && !gone)
				gone = errno == ENOTDIR && clear_file(a, dir, path, start, end);
			next = dir && gone ? make_parent(a, dir, path, start, end) : NULL;
		}
		dir = next;
	}
	return dir;
}

const struct place_dir *entry_parent(struct apply *a, const char *path, size_t len)
{
	const struct place_dir *dir = place_open(&a->place, path, len);

	if (dir)
		return dir;
	if (errno != ENOENT && errno != ENOTDIR)
		die("unpack '%s'", path);
	if (a->how == APPLY_ALONE)
		return NULL;
	dir = make_parents(a, path, len);
	if (!dir)
		die("unpack '%s'", path);
	return dir;
}

/* Remove what is at S, which the entry's own creation has found there (errno EEXIST). */
static void make_way(struct apply *a, struct spot *s)
{
	struct stat st;

	if (errno != EEXIST || fstatat(s->dir->fd, s->name, &st, AT_SYMLINK_NOFOLLOW))
		die("unpack '%s'", s->path);
	if (a->how != APPLY_OVER || map_get(&a->written, map_key(s->dir->ino, s->name)))
		a->duplicates += !(S_ISCHR(st.st_mode) && st.st_rdev == 0);
	if (S_ISDIR(st.st_mode) ? path_remove_tree(s->dir->fd, s->name)
				: unlinkat(s->dir->fd, s->name, 0))
		die("replace '%s'", s->path);
	if (!S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
		return;
	place_flush(&a->place);
	s->dir = place_open(&a->place, s->path,
			    s->name > s->path ? (size_t)(s->name - s->path - 1) : 0);
	if (!s->dir)
		die("unpack '%s'", s->path);
}

static void write_at(int fd, const char *path, const char *data, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("write '%s'", path);
		data += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
}

/* The reader's own failure is found again, and reported, by the next tar_next. */
static void write_body(int fd, const struct spot *s, const struct tar_entry *e,
		       struct tar_reader *r)
{
	const void *data;
	uint64_t offset, end = 0;
	ssize_t n;

	while ((n = tar_body(r, &data, &offset)) > 0) {
		write_at(fd, s->path, data, (size_t)n, offset);
		end = offset + (uint64_t)n;
	}
	if (end < e->size && n == 0 && ftruncate(fd, (off_t)e->size))
		die("write '%s'", s->path);
}

static int make_file(struct apply *a, struct spot *s, const struct tar_entry *e,
		     struct tar_reader *r)
{
	_close_ int fd = -1;

	while ((fd = openat(s->dir->fd, s->name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, e->mode)) < 0)
		make_way(a, s);
	write_body(fd, s, e, r);
	if (attr_file(fd, e, s->dir->inherits) < 0)
		die("set attributes of '%s'", s->path);
	return 0;
}

static int node(const struct spot *s, const struct tar_entry *e)
{
	switch (e->type) {
	case TAR_SYMLINK:
		return symlinkat(e->link, s->dir->fd, s->name);
	case TAR_CHAR:
		return mknodat(s->dir->fd, s->name, S_IFCHR | e->mode,
			       makedev(e->devmajor, e->devminor));
	case TAR_BLOCK:
		return mknodat(s->dir->fd, s->name, S_IFBLK | e->mode,
			       makedev(e->devmajor, e->devminor));
	default:
		return mkfifoat(s->dir->fd, s->name, e->mode);
	}
}

static int make_node(struct apply *a, struct spot *s, const struct tar_entry *e,
		     _unused_ struct tar_reader *r)
{
	bool device = e->type == TAR_CHAR || e->type == TAR_BLOCK;

	if (device && a->limits->no_devices)
		return 0;
	/* This is overlayfs's whiteout: it would delete in one form and be a device in the other.
	 */
	if (e->type == TAR_CHAR && !e->devmajor && !e->devminor)
		diex("unpack '%s': character device 0:0", s->path);
	while (node(s, e))
		make_way(a, s);
	if (attr_node(s->dir->fd, s->name, e, s->dir->inherits) < 0)
		die("set attributes of '%s'", s->path);
	return 0;
}

/* Make the directory, or find one there. Returns whether it is new. */
static bool make_or_keep(struct apply *a, struct spot *s, const struct tar_entry *e,
			 bool *was_marker)
{
	struct stat st;

	while (mkdirat(s->dir->fd, s->name, e->mode)) {
		int err = errno;

		if (err == EEXIST && !fstatat(s->dir->fd, s->name, &st, AT_SYMLINK_NOFOLLOW)) {
			if (S_ISDIR(st.st_mode))
				return false;
			*was_marker = a->how == APPLY_ALONE && S_ISCHR(st.st_mode) &&
				      st.st_rdev == 0;
		}
		errno = err;
		make_way(a, s);
	}
	return true;
}

static int make_dir(struct apply *a, struct spot *s, const struct tar_entry *e,
		    _unused_ struct tar_reader *r)
{
	bool was_marker = false, fresh = make_or_keep(a, s, e, &was_marker);
	bool inherits = s->dir->inherits;

	if (attr_has_default_acl(e))
		a->place.acls = true;
	note_written(a, s);

	const struct place_dir *dir = place_enter(&a->place, s->dir, s->name, s->path);

	if (!dir)
		die("open '%s'", s->path);
	if (attr_dir(dir->fd, e, inherits, fresh) < 0)
		die("set attributes of '%s'", s->path);
	/* A whiteout and a directory of one name in one layer: the old one is gone, the new one
	 * starts empty. */
	if (was_marker)
		whiteout_set_opaque(a, dir->fd, s->path);
	times_set(&a->times, dir->ino, s->path, e->mtime);
	((struct place_dir *)dir)->inherits = (e->mode & S_ISGID) || attr_has_default_acl(e);
	return 0;
}

void entry_root(struct apply *a, const struct tar_entry *e)
{
	if (e->type != TAR_DIR)
		diex("unpack '%s': the root is no directory", e->path);

	const struct place_dir *dir = place_open(&a->place, "", 0);

	if (!dir || attr_dir(dir->fd, e, false, false) < 0)
		die("set attributes of the root");
	a->has_root = true;
	times_set(&a->times, dir->ino, "", e->mtime);
}

/* Too many links to one file (ext4 has 65000): the rest become copies. */
static int copy_instead(int dirfd, const char *name, const struct spot *s)
{
	_close_ int in = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC),
		    out = -1;
	struct stat st;

	if (in < 0 || fstat(in, &st))
		return -1;
	if (!S_ISREG(st.st_mode))
		return set_errno(EMLINK);
	out = openat(s->dir->fd, s->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		     0600);
	if (out < 0 || io_copy(in, out) < 0 || fchown(out, st.st_uid, st.st_gid) ||
	    fchmod(out, st.st_mode & 07777))
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
static int make_link(struct apply *a, struct spot *s, const struct tar_entry *e,
		     _unused_ struct tar_reader *r)
{
	char target[PATH_MAX];
	const char *name;
	size_t parent = s->name > s->path ? (size_t)(s->name - s->path - 1) : 0;
	_close_ int dirfd = open_target(a, e, s, target, &name);
	struct stat st;

	if (dirfd < 0 || fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    (a->how == APPLY_ALONE && whiteout_is_marker(dirfd, name))) {
		if (a->how == APPLY_ALONE && (dirfd >= 0 || errno == ENOENT || errno == ENOTDIR))
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
		make_way(a, s);
	}
	return 0;
}

int entry_make(struct apply *a, struct spot *s, const struct tar_entry *e, struct tar_reader *r)
{
	static int (*const makers[])(struct apply *, struct spot *, const struct tar_entry *,
				     struct tar_reader *) = {
		[TAR_FILE - '0'] = make_file,	 [TAR_LINK - '0'] = make_link,
		[TAR_SYMLINK - '0'] = make_node, [TAR_CHAR - '0'] = make_node,
		[TAR_BLOCK - '0'] = make_node,	 [TAR_DIR - '0'] = make_dir,
		[TAR_FIFO - '0'] = make_node,
	};
	int n = makers[e->type - '0'](a, s, e, r);

	if (!n && e->type != TAR_DIR) /* the cache may have moved on from a directory's parent */
		note_written(a, s);
	return n;
}
