#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "imgunpack/apply.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"

/* Of directories a whiteout looks into; paths are shorter, but links in them lead further down. */
enum { NESTING_MAX = 1024 };

static const char prefix[] = ".wh.", own_prefix[] = ".wh..wh.", opaque_name[] = ".wh..wh..opq";

/* ".wh..wh." begins the names AUFS kept for itself; all but one mean nothing outside of it. */
enum whiteout whiteout_kind(const char *path)
{
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");
		bool last = !p[len];

		if (last && str_eq(p, opaque_name))
			return WHITEOUT_OPAQUE;
		if (str_starts(p, own_prefix) && len > strlen(own_prefix))
			return WHITEOUT_SKIP;
		if (str_starts(p, prefix)) {
			const char *name = p + strlen(prefix);

			return !last || !*name || str_eq(name, ".") || str_eq(name, "..")
				       ? WHITEOUT_BAD
				       : WHITEOUT_NAME;
		}
		p += len + !last;
	}
	return WHITEOUT_NONE;
}

bool whiteout_is_marker(int dirfd, const char *name)
{
	struct stat st;

	return !fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISCHR(st.st_mode) &&
	       st.st_rdev == 0;
}

/* Call FN for every name in the directory FD, which stays open. */
static void each(int fd, void (*fn)(struct apply *a, int dirfd, uint64_t ino, const char *name),
		 struct apply *a)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct stat st;

	if (!d || fstat(fd, &st))
		die("read a directory");
	if (a->nesting++ == NESTING_MAX)
		diex("remove what a whiteout names: more than %d levels deep", NESTING_MAX);
	for (struct dirent *e; errno = 0, (e = readdir(d));)
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			fn(a, fd, st.st_ino, e->d_name);
	if (errno)
		die("read a directory");
	a->nesting--;
	closedir(d);
}

/* Remove NAME as far as lower layers put it there: what this layer wrote stays, and so do
 * directories around it. */
static void hide(struct apply *a, int dirfd, uint64_t ino, const char *name)
{
	bool written = map_get(&a->written, map_key(ino, name));
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT)
			die("remove '%s'", name);
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		if (!written && unlinkat(dirfd, name, 0))
			die("remove '%s'", name);
		return;
	}

	_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		die("remove '%s'", name);
	each(fd, hide, a);
	if (!written && unlinkat(dirfd, name, AT_REMOVEDIR) && errno != ENOTEMPTY &&
	    errno != EEXIST)
		die("remove '%s'", name);
}

/* Remember, once, that the lower layers must have DIR for its markers to be what they are. */
static void note_dir(struct apply *a, const struct place_dir *dir, const char *path, size_t len)
{
	if (!len || map_get(&a->written, dir->ino))
		return;
	map_put(&a->written, dir->ino, 1);
	buf_add(&a->whiteout_dirs, path, len);
	buf_addc(&a->whiteout_dirs, '\0');
}

static void mark(struct apply *a, const struct spot *s, const char *name, size_t parent_len)
{
	if (!mknodat(s->dir->fd, name, S_IFCHR, 0)) {
		note_dir(a, s->dir, s->path, parent_len);
		return;
	}
	if (errno != EEXIST)
		die("mark '%s' as deleted", s->path);

	/* This layer has the name already, so what is meant is what lies below it; only a directory
	 * shows that. */
	_close_ int fd = openat(s->dir->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_free_ char *path = parent_len ? xasprintf("%.*s/%s", (int)parent_len, s->path, name)
				       : xstrdup(name);

	if (fd >= 0)
		whiteout_set_opaque(a, fd, path);
}

/* Which of the two it takes is a mount option, see stack.c. */
static const char *overlay_opaque(void)
{
	return ids_are_real() ? "trusted.overlay.opaque" : "user.overlay.opaque";
}

void whiteout_set_opaque(struct apply *a, int fd, const char *path)
{
	if (fsetxattr(fd, overlay_opaque(), "y", 1, 0))
		die("make '%s' opaque", path);
	strv_add(&a->opaque_dirs, path);
}

static void mark_opaque(struct apply *a, const struct spot *s, size_t parent_len)
{
	_free_ char *path = xmemdup0(s->path, parent_len);

	if (parent_len)
		whiteout_set_opaque(a, s->dir->fd, path);
	else
		a->opaque_root = true; /* the kernel ignores the attribute on a layer's root */
}

/* For merge.c, which follows no links: a path that needs some is not for it. */
static int note(struct apply *a, const struct spot *s, size_t parent_len)
{
	_free_ char *parent = parent_len ? xmemdup0(s->path, parent_len) : xstrdup(".");
	_close_ int fd = path_open_strict(a->rootfs_dirfd, parent, O_PATH | O_DIRECTORY);

	size_t len = strlen(s->path) + 1;

	if (fd < 0 || a->whiteouts.len + len > APPLY_WHITEOUTS_MAX)
		return 1;
	buf_add(&a->whiteouts, s->path, len);
	return 0;
}

int whiteout_make(struct apply *a, struct spot *s, enum whiteout kind)
{
	size_t parent_len = s->name > s->path ? (size_t)(s->name - s->path - 1) : 0;
	const char *name = s->name + strlen(prefix);

	if (a->how == APPLY_FIRST)
		return 0;
	s->dir = place_open(&a->place, s->path, parent_len);
	if (!s->dir) {
		if (errno != ENOENT && errno != ENOTDIR)
			die("delete '%s'", s->path);
		/* Nothing there, nothing to delete, if nothing is below. */
		return apply_is_alone(a);
	}
	if (a->how == APPLY_ASIDE)
		return note(a, s, parent_len);
	if (a->how == APPLY_OVER) {
		if (kind == WHITEOUT_OPAQUE)
			each(s->dir->fd, hide, a);
		else
			hide(a, s->dir->fd, s->dir->ino, name);
		place_flush(&a->place);
	} else if (kind == WHITEOUT_OPAQUE) {
		mark_opaque(a, s, parent_len);
	} else {
		mark(a, s, name, parent_len);
	}
	return 0;
}

static void scrub(struct apply *a, int dirfd, _unused_ uint64_t ino, const char *name)
{
	if (whiteout_is_marker(dirfd, name)) {
		if (unlinkat(dirfd, name, 0))
			die("remove '%s'", name);
		return;
	}

	_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		each(fd, scrub, a);
}

void whiteout_scrub(struct apply *a)
{
	for (size_t i = 0; i < a->opaque_dirs.n; i++) {
		_close_ int fd = path_open_in_root(a->rootfs_dirfd, a->opaque_dirs.v[i],
						   O_RDONLY | O_DIRECTORY);

		if (fd >= 0)
			each(fd, scrub, a);
	}
	strv_free(&a->opaque_dirs);
}
