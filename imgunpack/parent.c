#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "imgunpack/apply.h"
#include "lib/die.h"
#include "lib/mem.h"

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
	if (apply_is_alone(a))
		return NULL;
	dir = make_parents(a, path, len);
	if (!dir)
		die("unpack '%s'", path);
	return dir;
}
