#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/proc.h"

/* Where the tree grows: beside ROOTFS in a directory only we can enter, or, on a mount point, in
 * place. */
struct stage {
	const char *rootfs;
	int parent_dirfd; /* of the directory that holds it */
	char *name;	  /* its name there */
	char *hidden;	  /* the staging directory's name there; NULL: in place */
	int lock_fd;	  /* of the staging directory */
	int rootfs_dirfd;
	const struct unpack *unpack;
};

static bool is_mount_point(int fd)
{
	struct statx sx;

	return !statx(fd, "", AT_EMPTY_PATH, 0, &sx) && sx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static void check_empty(int fd, const char *rootfs)
{
	struct stat st;
	char names[4096];

	/* "." and ".." make 48 bytes; another name does not fit into 64 with them. */
	if (fstat(fd, &st) || lseek(fd, 0, SEEK_SET))
		die("open '%s'", rootfs);
	ssize_t n = getdents64(fd, names, sizeof(names));

	if (n < 0)
		die("read '%s'", rootfs);
	if (n > 48)
		diex("unpack to '%s': it is not empty", rootfs);
}

static void open_parent(struct stage *s)
{
	_free_ char *copy = xstrdup(s->rootfs), *other = xstrdup(s->rootfs);

	s->name = xstrdup(basename(copy));
	s->parent_dirfd = open(dirname(other), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->parent_dirfd < 0)
		die("open the directory of '%s'", s->rootfs);
	if (!*s->name || !strcmp(s->name, ".") || !strcmp(s->name, "..") || !strcmp(s->name, "/"))
		diex("unpack to '%s': not a name", s->rootfs);
}

/* A staging directory that a killed run left is emptied; one in use makes us wait. */
static void open_hidden(struct stage *s)
{
	s->hidden = xasprintf(".%s.unpack", s->name);
	do {
		if (mkdirat(s->parent_dirfd, s->hidden, 0700) && errno != EEXIST)
			die("make '%s'", s->hidden);
		s->lock_fd = path_lock_dir(s->parent_dirfd, s->hidden, true, false);
	} while (s->lock_fd < 0 && errno == ENOENT);
	if (s->lock_fd < 0 || path_remove_content(s->lock_fd))
		die("clear '%s'", s->hidden);
	if (mkdirat(s->lock_fd, "rootfs", 0755))
		die("make '%s'", s->hidden);
	s->rootfs_dirfd = openat(s->lock_fd, "rootfs",
				 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->rootfs_dirfd < 0 ||
	    futimens(s->rootfs_dirfd, (const struct timespec[2]){ { 0 }, { 0 } }))
		die("open '%s'", s->hidden);
}

static struct stage open_stage(const struct unpack *u, const char *rootfs)
{
	struct stage s = { .rootfs = rootfs, .lock_fd = -1, .unpack = u };

	open_parent(&s);
	s.rootfs_dirfd = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.rootfs_dirfd < 0 && errno != ENOENT)
		die("open '%s'", rootfs);
	if (s.rootfs_dirfd >= 0)
		check_empty(s.rootfs_dirfd, rootfs);
	if (s.rootfs_dirfd >= 0 && is_mount_point(s.rootfs_dirfd))
		return s;
	close_fd(&s.rootfs_dirfd);
	open_hidden(&s);
	return s;
}

/* One layer after the other. */
static int unpack_all(void *ctx, _unused_ size_t job)
{
	const struct stage *s = ctx;
	const struct unpack *u = s->unpack;
	struct apply a = { .rootfs_dirfd = s->rootfs_dirfd, .limits = &u->limits };

	for (size_t i = 0; i < u->image.manifest.n_layers; i++) {
		a.how = i ? APPLY_OVER : APPLY_FIRST;
		unpack_layer(u, i, &a);
	}
	unpack_finish(u, &a);
	return 0;
}

/* What could not be unpacked is removed; the reason was reported already. */
static void abandon(struct stage *s)
{
	if (!path_remove_content(s->hidden ? s->lock_fd : s->rootfs_dirfd) && s->hidden)
		unlinkat(s->parent_dirfd, s->hidden, AT_REMOVEDIR);
}

static void finish(struct stage *s)
{
	if (!s->hidden)
		return;
	if (renameat(s->lock_fd, "rootfs", s->parent_dirfd, s->name)) {
		int err = errno;

		abandon(s);
		errno = err;
		die("unpack to '%s'", s->rootfs);
	}
	if (path_remove_content(s->lock_fd) || unlinkat(s->parent_dirfd, s->hidden, AT_REMOVEDIR))
		die("remove '%s'", s->hidden);
}

/* Others than root may not enter every directory of an image; in place there is no room beside the
 * tree. */
static bool goes_side_by_side(const struct stage *s)
{
	const struct unpack *u = s->unpack;

	return s->hidden && u->image.manifest.n_layers > 1 && !geteuid() && proc_processors() > 1;
}

void unpack_flat(const struct unpack *u, const char *rootfs)
{
	struct stage s = open_stage(u, rootfs);
	int result;

	if (goes_side_by_side(&s) ? unpack_aside(u, s.lock_fd, s.rootfs_dirfd)
				  : worker_run(1, unpack_all, &s, &result)) {
		abandon(&s);
		unpack_fail();
	}
	finish(&s);
	close_fd(&s.parent_dirfd);
	close_fd(&s.rootfs_dirfd);
	close_fd(&s.lock_fd);
	free(s.name);
	free(s.hidden);
}
