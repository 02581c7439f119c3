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

void entry_make_way(struct apply *a, struct spot *s)
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

static _noreturn_ void attr_failed(const char *path, const struct tar_entry *e)
{
	if (errno == EINVAL && !ids_are_real())
		diex("unpack '%s': owner %u:%u is not mapped in this user namespace", path, e->uid,
		     e->gid);
	die("set attributes of '%s'", path);
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
	mode_t mode = e->mode | (a->attr.ids->pretend ? 0600 : 0);
	_close_ int fd = -1;

	while ((fd = openat(s->dir->fd, s->name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)) < 0)
		entry_make_way(a, s);
	write_body(fd, s, e, r);
	if (attr_file(fd, e, s->dir->inherits, &a->attr) < 0)
		attr_failed(s->path, e);
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
	while (node(s, e)) {
		if (device && errno == EPERM) {
			a->devices++;
			return 0;
		}
		entry_make_way(a, s);
	}
	if (attr_node(s->dir->fd, s->name, e, s->dir->inherits, &a->attr) < 0)
		attr_failed(s->path, e);
	return 0;
}

/* Make the directory, or find one there. Returns whether it is new. */
static bool make_or_keep(struct apply *a, struct spot *s, const struct tar_entry *e,
			 bool *was_marker)
{
	struct stat st;

	while (mkdirat(s->dir->fd, s->name, e->mode | (a->attr.ids->pretend ? 0700 : 0))) {
		int err = errno;

		if (err == EEXIST && !fstatat(s->dir->fd, s->name, &st, AT_SYMLINK_NOFOLLOW)) {
			if (S_ISDIR(st.st_mode))
				return false;
			*was_marker = a->how == APPLY_ALONE && S_ISCHR(st.st_mode) &&
				      st.st_rdev == 0;
		}
		errno = err;
		entry_make_way(a, s);
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
	if (attr_dir(dir->fd, e, inherits, fresh, &a->attr) < 0)
		attr_failed(s->path, e);
	if (a->attr.ids->pretend)
		modes_set(&a->modes, dir->ino, s->path, e->mode);
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

	if (!dir || attr_dir(dir->fd, e, false, false, &a->attr) < 0)
		attr_failed("/", e);
	if (a->attr.ids->pretend)
		modes_set(&a->modes, dir->ino, "", e->mode);
	a->has_root = true;
	times_set(&a->times, dir->ino, "", e->mtime);
}

int entry_make(struct apply *a, struct spot *s, const struct tar_entry *e, struct tar_reader *r)
{
	static int (*const makers[])(struct apply *, struct spot *, const struct tar_entry *,
				     struct tar_reader *) = {
		[TAR_FILE - '0'] = make_file,	 [TAR_LINK - '0'] = entry_link,
		[TAR_SYMLINK - '0'] = make_node, [TAR_CHAR - '0'] = make_node,
		[TAR_BLOCK - '0'] = make_node,	 [TAR_DIR - '0'] = make_dir,
		[TAR_FIFO - '0'] = make_node,
	};
	int n = makers[e->type - '0'](a, s, e, r);

	if (!n && e->type != TAR_DIR) /* the cache may have moved on from a directory's parent */
		note_written(a, s);
	return n;
}
