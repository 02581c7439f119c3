#include "imgunpack/merge.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "imgunpack/apply.h"
#include "imgunpack/compare.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"

/* Of directories that both have; paths are shorter, but links in them lead further down. */
enum { DEPTH_MAX = 1024 };

static void set_time(int fd, struct timespec mtime)
{
	const struct timespec both[2] = { mtime, mtime };

	if (futimens(fd, both))
		die("set the time of a directory");
}

/* Where the tree has a link, or a file, on the way, the layer has a directory, which will take its
 * place: there is nothing below it to delete. */
static void delete (int rootfs_dirfd, const char *whiteout)
{
	const char *slash = strrchr(whiteout, '/'), *name = slash ? slash + 1 : whiteout;
	_free_ char *parent = slash ? xmemdup0(whiteout, (size_t)(slash - whiteout)) : xstrdup(".");
	_close_ int dirfd = path_open_strict(rootfs_dirfd, parent, O_RDONLY | O_DIRECTORY);

	if (dirfd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		die("delete '%s'", whiteout);
	if (dirfd < 0)
		return;
	if (whiteout_kind(whiteout) == WHITEOUT_OPAQUE
		    ? path_remove_content(dirfd)
		    : path_remove_tree(dirfd, name + strlen(".wh.")))
		die("delete '%s'", whiteout);
}

static int open_dir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		die("open '%s'", name);
	return fd;
}

static void move_all(int from, int to, unsigned depth);

static void merge_dir(int from_parent, int to_parent, const char *name, unsigned depth)
{
	_close_ int from = open_dir(from_parent, name), to = open_dir(to_parent, name);
	struct stat st;

	if (fstat(from, &st))
		die("open '%s'", name);
	move_all(from, to, depth + 1);
	if (attr_replace(from, &st, to))
		die("set attributes of '%s'", name);
	set_time(to, st.st_mtim);
}

/* What is there under that name: its type, 0 for nothing. */
static mode_t type_of(int dirfd, const char *name)
{
	struct stat st;

	if (!fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return st.st_mode & S_IFMT;
	if (errno != ENOENT)
		die("replace '%s'", name);
	return 0;
}

/* NAME of the directory FROM to TO, where there is something already, or the file system cannot
 * tell: two directories become one, a directory and something else cannot replace each other. */
static void replace(int from, int to, const char *name, unsigned depth)
{
	mode_t new = type_of(from, name), old = type_of(to, name);

	if (S_ISDIR(new) && S_ISDIR(old)) {
		merge_dir(from, to, name, depth);
		return;
	}
	if ((S_ISDIR(new) || S_ISDIR(old)) && path_remove_tree(to, name))
		die("replace '%s'", name);
	if (renameat(from, name, to, name))
		die("unpack '%s'", name);
}

static void move_all(int from, int to, unsigned depth)
{
	_strv_ struct strv names = compare_list(from);

	if (depth > DEPTH_MAX)
		diex("unpack '%s': more than %d levels deep in two layers",
		     names.n ? names.v[0] : ".", DEPTH_MAX);

	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];

		if (!renameat2(from, name, to, name, RENAME_NOREPLACE))
			continue;
		if (errno != EEXIST && errno != EINVAL)
			die("unpack '%s'", name);
		replace(from, to, name, depth);
	}
}

void merge_layer(int layer_dirfd, int rootfs_dirfd, bool has_root, const struct buf *whiteouts)
{
	struct stat layer, rootfs;

	if (fstat(layer_dirfd, &layer) || fstat(rootfs_dirfd, &rootfs))
		die("open the root directory");
	for (size_t at = 0; at < whiteouts->len; at += strlen(whiteouts->data + at) + 1)
		delete (rootfs_dirfd, whiteouts->data + at);
	move_all(layer_dirfd, rootfs_dirfd, 0);
	if (has_root && attr_replace(layer_dirfd, &layer, rootfs_dirfd))
		die("set attributes of '/'");
	set_time(rootfs_dirfd, has_root ? layer.st_mtim : rootfs.st_mtim);
}
