#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "imgunpack/compare.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"

enum { LIST_MAX = 65536, CHUNK = 1 << 16 };

int compare_look(struct compare_pair *p)
{
	int where = 0;

	if (p->old_dirfd >= 0 && !fstatat(p->old_dirfd, p->name, &p->old_st, AT_SYMLINK_NOFOLLOW))
		where |= COMPARE_OLD;
	if (p->new_dirfd >= 0 && !fstatat(p->new_dirfd, p->name, &p->new_st, AT_SYMLINK_NOFOLLOW))
		where |= COMPARE_NEW;
	return where;
}

/* The file by a path that the calls without a descriptor take; its link is not followed. */
static char *path_of(int dirfd, const char *name)
{
	return xasprintf("/proc/self/fd/%d/%s", dirfd, name);
}

/* What overlayfs and the host's security modules note is not the tree's. */
static bool is_ours(const char *name)
{
	return !str_starts(name, "trusted.overlay.") && !str_starts(name, "user.overlay.") &&
	       !str_starts(name, "security.selinux") && !str_starts(name, "security.ima") &&
	       !str_starts(name, "security.evm");
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct strv xattrs_of(const char *path)
{
	char names[LIST_MAX];
	struct strv list = { 0 };
	ssize_t len = llistxattr(path, names, sizeof(names));

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1)
		if (is_ours(names + at))
			strv_add(&list, names + at);
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), by_bytes);
	return list;
}

static bool same_value(const char *a, const char *b, const char *name)
{
	static char x[LIST_MAX], y[LIST_MAX];
	ssize_t n = lgetxattr(a, name, x, sizeof(x)), m = lgetxattr(b, name, y, sizeof(y));

	return n == m && (n <= 0 || !memcmp(x, y, (size_t)n));
}

static bool same_xattrs(const char *a, const char *b)
{
	_strv_ struct strv x = xattrs_of(a), y = xattrs_of(b);

	if (x.n != y.n)
		return false;
	for (size_t i = 0; i < x.n; i++)
		if (!str_eq(x.v[i], y.v[i]) || !same_value(a, b, x.v[i]))
			return false;
	return true;
}

static bool same_target(const struct compare_pair *p)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t n = readlinkat(p->old_dirfd, p->name, a, sizeof(a)),
		m = readlinkat(p->new_dirfd, p->name, b, sizeof(b));

	return n >= 0 && n == m && !memcmp(a, b, (size_t)n);
}

static int open_file(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("open '%s'", name);
	return fd;
}

static bool same_content(const struct compare_pair *p)
{
	_close_ int a = open_file(p->old_dirfd, p->name), b = open_file(p->new_dirfd, p->name);
	static char x[CHUNK], y[CHUNK];
	ssize_t n, m;

	do {
		n = io_read(a, x, sizeof(x));
		m = io_read(b, y, sizeof(y));
		if (n < 0 || m < 0)
			die("read '%s'", p->name);
		if (n != m || memcmp(x, y, (size_t)n))
			return false;
	} while (n);
	return true;
}

static bool is_marker(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && !st->st_rdev;
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
	/* overlayfs's whiteouts are nothing but that */
	if (is_marker(a) && is_marker(b))
		return true;
	if (a->st_mode != b->st_mode || a->st_uid != b->st_uid || a->st_gid != b->st_gid ||
	    a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec)
		return false;
	/* sizes and links of directories are the file system's business */
	return S_ISDIR(a->st_mode) || (a->st_size == b->st_size && a->st_rdev == b->st_rdev);
}

bool compare_same(const struct compare_pair *p, bool content)
{
	if (!same_stat(&p->old_st, &p->new_st))
		return false;
	if (S_ISLNK(p->new_st.st_mode) && !same_target(p))
		return false;

	_free_ char *a = path_of(p->old_dirfd, p->name), *b = path_of(p->new_dirfd, p->name);

	return same_xattrs(a, b) && (!content || !S_ISREG(p->new_st.st_mode) || same_content(p));
}

struct strv compare_list(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct strv names = { 0 };

	if (!d)
		die("read a directory");
	for (struct dirent *e; errno = 0, (e = readdir(d));)
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			strv_add(&names, e->d_name);
	if (errno)
		die("read a directory");
	closedir(d);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_bytes);
	return names;
}

struct walk {
	bool content;
	compare_fn *found;
	void *ctx;
};

static void walk(const struct walk *w, int old_dirfd, int new_dirfd, const char *path);

static void visit(const struct walk *w, struct compare_pair *p, const char *dir)
{
	_free_ char *path = xasprintf("%s%s%s", dir, *dir ? "/" : "", p->name);
	int where = compare_look(p);

	if (where != (COMPARE_OLD | COMPARE_NEW)) {
		if (where)
			w->found(w->ctx, where == COMPARE_NEW ? 'A' : 'D', path);
		return;
	}
	if (!compare_same(p, w->content))
		w->found(w->ctx, 'C', path);
	if (!S_ISDIR(p->old_st.st_mode) || !S_ISDIR(p->new_st.st_mode))
		return;

	_close_ int a = openat(p->old_dirfd, p->name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
		    b = openat(p->new_dirfd, p->name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (a < 0 || b < 0)
		die("open '%s'", path);
	walk(w, a, b, path);
}

/* Both lists are sorted: merge them. */
static void walk(const struct walk *w, int old_dirfd, int new_dirfd, const char *path)
{
	_strv_ struct strv a = compare_list(old_dirfd), b = compare_list(new_dirfd);

	for (size_t i = 0, j = 0; i < a.n || j < b.n;) {
		int order = i == a.n ? 1 : j == b.n ? -1 : strcmp(a.v[i], b.v[j]);
		struct compare_pair p = {
			old_dirfd, new_dirfd, order <= 0 ? a.v[i] : b.v[j], { 0 }, { 0 }
		};

		i += order <= 0;
		j += order >= 0;
		visit(w, &p, path);
	}
}

void compare_trees(int old_dirfd, int new_dirfd, bool content, compare_fn *found, void *ctx)
{
	const struct walk w = { content, found, ctx };

	walk(&w, old_dirfd, new_dirfd, "");
}
