#include <fcntl.h>
#include <sys/stat.h>

#include "imgunpack/times.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"

struct times_entry {
	uint64_t ino;
	char *path;
	struct timespec mtime;
};

void times_keep(struct times *t, uint64_t ino, const char *path, struct timespec mtime)
{
	if (map_get(&t->by_ino, ino))
		return;
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->v = xreallocarray(t->v, t->cap, sizeof(*t->v));
	}
	map_put(&t->by_ino, ino, (uint32_t)t->n);
	t->v[t->n++] = (struct times_entry){ ino, xstrdup(path), mtime };
}

void times_set(struct times *t, uint64_t ino, const char *path, struct timespec mtime)
{
	const uint32_t *i = map_get(&t->by_ino, ino);

	if (!i) {
		times_keep(t, ino, path, mtime);
		return;
	}
	free(t->v[*i].path);
	t->v[*i].path = xstrdup(path);
	t->v[*i].mtime = mtime;
}

static void apply_one(const struct times_entry *e, int rootfs_dirfd)
{
	_close_ int fd = path_open_in_root(rootfs_dirfd, *e->path ? e->path : ".",
					   O_RDONLY | O_DIRECTORY);
	const struct timespec both[2] = { e->mtime, e->mtime };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || st.st_ino != e->ino)
		return; /* removed or replaced by a later entry */
	if (futimens(fd, both))
		die("set the time of '%s'", e->path);
}

void times_apply(struct times *t, int rootfs_dirfd)
{
	for (size_t i = t->n; i-- > 0;)
		apply_one(&t->v[i], rootfs_dirfd);
	times_free(t);
}

void times_free(struct times *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].path);
	free(t->v);
	map_free(&t->by_ino);
	*t = (struct times){ 0 };
}
