#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "imgunpack/uses.h"
#include "lib/buf.h"
#include "lib/die.h"
#include "lib/digest.h"
#include "lib/io.h"
#include "lib/mem.h"

static const char uses_dir[] = ".uses";
static const char *const words[] = { "dir ", "mount " };

enum { USE_MAX = 1 << 20 };

static char *first_line(enum use_kind kind, const char *path)
{
	return xasprintf("%s%s\n", words[kind], path);
}

static int open_uses(int store_dirfd, bool make)
{
	if (make && mkdirat(store_dirfd, uses_dir, 0700) && errno != EEXIST)
		return -1;
	return openat(store_dirfd, uses_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

void uses_add(int store_dirfd, enum use_kind kind, const char *path, const struct strv *keys)
{
	_close_ int fd = open_uses(store_dirfd, true);
	_free_ char *line = first_line(kind, path);
	_buf_ struct buf text = { 0 };
	struct digest d;

	if (strchr(path, '\n')) /* the note would be of another path, and soon be gone */
		diex("note that '%s' uses layers: a newline in its name", path);
	digest_of(line, strlen(line), &d);
	buf_adds(&text, line);
	for (size_t i = 0; i < keys->n; i++)
		buf_addf(&text, "%s\n", keys->v[i]);
	if (fd < 0 || file_replace(fd, digest_hex(&d), 0600, text.data, text.len, false) < 0)
		die("note that '%s' uses layers", path);
}

void uses_remove(int store_dirfd, enum use_kind kind, const char *path)
{
	_close_ int fd = open_uses(store_dirfd, false);
	_free_ char *line = first_line(kind, path);
	struct digest d;

	digest_of(line, strlen(line), &d);
	if (fd >= 0)
		unlinkat(fd, digest_hex(&d), 0);
}

static bool is_missing(int err)
{
	return err == ENOENT || err == ENOTDIR;
}

static bool is_mounted(const char *path)
{
	struct statx sx;

	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, 0, &sx))
		return !is_missing(errno);
	return sx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* The LINE of a use that goes on. Only a path that is certainly gone ends one. */
static bool is_alive(const char *line)
{
	const char *dir = str_after(line, words[USE_DIR]),
		   *mount = str_after(line, words[USE_MOUNT]);

	if (dir) {
		_free_ char *upper = xasprintf("%s/upper", dir);

		return !faccessat(AT_FDCWD, upper, F_OK, AT_SYMLINK_NOFOLLOW) || !is_missing(errno);
	}
	return mount && is_mounted(mount);
}

static void list_one(int fd, const char *name, struct strv *keys, bool only_look)
{
	_strv_ struct strv lines = { 0 };
	_buf_ struct buf text = { 0 };

	if (file_read(fd, name, USE_MAX, &text) < 0)
		die("read '%s/%s'", uses_dir, name);
	strv_split(&lines, buf_str(&text), '\n');
	if (!is_alive(lines.n ? lines.v[0] : "")) {
		if (!only_look)
			unlinkat(fd, name, 0);
		return;
	}
	for (size_t i = 1; i < lines.n; i++)
		if (*lines.v[i])
			strv_add(keys, lines.v[i]);
}

void uses_list(int store_dirfd, struct strv *keys, bool only_look)
{
	int fd = open_uses(store_dirfd, false);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && errno == ENOENT)
		return;
	if (!d)
		die("read '%s'", uses_dir);
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			list_one(dirfd(d), e->d_name, keys, only_look);
	closedir(d);
}
