#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "lib/path.h"

/* A directory below this many others is moved to the top and emptied from there: a tree may be
 * deeper than we have descriptors and stack. */
enum { DEPTH_MAX = 64 };

struct removal {
	dev_t dev;
	int top_dirfd;
	unsigned n_moved;
	bool moved; /* something that is still there */
};

static int empty_dir(struct removal *r, int fd, int depth);

/* Who is not root may have made directories that not even the owner may enter or change. */
static int make_ours(int dirfd, const char *name)
{
	_close_ int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char link[FD_LINK_MAX];

	return fd < 0 ? -1 : chmod(fd_link(fd, link), 0700);
}

static int move_up(struct removal *r, int dirfd, const char *name)
{
	char to[32];
	int rc;

	do {
		snprintf(to, sizeof(to), ".deep-%u", r->n_moved++);
		rc = renameat2(dirfd, name, r->top_dirfd, to, RENAME_NOREPLACE);
	} while (rc && errno == EEXIST);
	r->moved = true;
	return rc;
}

static int remove_dir(struct removal *r, int dirfd, const char *name, int depth)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == EACCES && !make_ours(dirfd, name))
		fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (empty_dir(r, fd, depth))
		return -1;
	return unlinkat(dirfd, name, AT_REMOVEDIR) && errno != ENOENT ? -1 : 0;
}

static int remove_entry(struct removal *r, int dirfd, const char *name, int depth)
{
	if (!unlinkat(dirfd, name, 0) || errno == ENOENT)
		return 0;
	if (errno == EACCES && !make_ours(dirfd, ".") && !unlinkat(dirfd, name, 0))
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	return depth > DEPTH_MAX ? move_up(r, dirfd, name) : remove_dir(r, dirfd, name, depth);
}

static int empty_once(struct removal *r, DIR *d, int depth)
{
	struct dirent *e;

	while (errno = 0, (e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
		    remove_entry(r, dirfd(d), e->d_name, depth + 1))
			return -1;
	return errno ? -1 : 0;
}

/* Empty the directory FD (consumed). */
static int empty_dir(struct removal *r, int fd, int depth)
{
	DIR *d = fdopendir(fd);
	struct stat st;
	int rc;

	if (!d) {
		close_fd(&fd);
		return -1;
	}
	if (fstat(fd, &st) || st.st_dev != r->dev) {
		closedir(d);
		return set_errno(EXDEV);
	}
	if (!depth)
		r->top_dirfd = fd;
	do {
		if (!depth)
			r->moved = false;
		rewinddir(d);
		rc = empty_once(r, d, depth);
	} while (!rc && !depth && r->moved);

	int saved = errno;

	closedir(d);
	return rc ? set_errno(saved) : 0;
}

int path_remove_tree(int dirfd, const char *name)
{
	struct removal r = { .top_dirfd = -1 };
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -1;
	r.dev = st.st_dev;
	if (S_ISDIR(st.st_mode))
		return remove_dir(&r, dirfd, name, 0);
	return unlinkat(dirfd, name, 0) && errno != ENOENT ? -1 : 0;
}

int path_remove_content(int dirfd)
{
	struct removal r = { .top_dirfd = -1 };
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st)) {
		close_fd(&fd);
		return -1;
	}
	r.dev = st.st_dev;
	return empty_dir(&r, fd, 0);
}
