#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "imgunpack/place.h"
#include "lib/mem.h"
#include "lib/path.h"

static uint64_t hash_of(const char *path, size_t len)
{
	uint64_t h = len;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * 0x100000001b3;
	return h;
}

static void drop(struct place_slot *s)
{
	if (!s->path)
		return;
	close_fd(&s->dir.fd);
	free(s->path);
	*s = (struct place_slot){ 0 };
}

static struct place_slot *lookup(struct place *p, const char *path, size_t len, uint64_t hash)
{
	for (size_t i = 0; i < PLACE_SLOTS; i++) {
		struct place_slot *s = &p->slots[i];

		if (s->path && s->hash == hash && s->len == len && !memcmp(s->path, path, len))
			return s;
	}
	return NULL;
}

/* A slot that is empty, else the one that was not used for longest. */
static struct place_slot *oldest(struct place *p)
{
	struct place_slot *best = &p->slots[0];

	for (size_t i = 1; i < PLACE_SLOTS; i++)
		if (p->slots[i].used < best->used)
			best = &p->slots[i];
	drop(best);
	return best;
}

/* Take FD in (closed on failure). */
static const struct place_dir *keep(struct place *p, int fd, const char *path, size_t len,
				    struct stat *st)
{
	if (fd < 0 || fstat(fd, st)) {
		close_fd(&fd);
		return NULL;
	}

	struct place_slot *s = oldest(p);

	*s = (struct place_slot){
		.dir = { fd, st->st_ino, st->st_mode & S_ISGID },
		.path = xmemdup0(path, len),
		.len = len,
		.hash = hash_of(path, len),
		.used = ++p->clock,
	};
	if (p->acls && fgetxattr(fd, "system.posix_acl_default", NULL, 0) > 0)
		s->dir.inherits = true;
	return &s->dir;
}

const struct place_dir *place_open(struct place *p, const char *path, size_t len)
{
	struct place_slot *s = lookup(p, path, len, hash_of(path, len));
	struct stat st;

	if (s) {
		s->used = ++p->clock;
		return &s->dir;
	}

	_free_ char *name = len ? xmemdup0(path, len) : xstrdup(".");
	int fd = path_open_in_root(p->rootfs_dirfd, name, O_RDONLY | O_DIRECTORY);
	const struct place_dir *dir = keep(p, fd, path, len, &st);

	if (dir)
		times_keep(p->times, dir->ino, len ? name : "", st.st_mtim);
	return dir;
}

const struct place_dir *place_enter(struct place *p, const struct place_dir *dir, const char *name,
				    const char *path)
{
	size_t len = strlen(path);
	struct place_slot *s = lookup(p, path, len, hash_of(path, len));
	int fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (s)
		drop(s);
	return keep(p, fd, path, len, &st);
}

void place_flush(struct place *p)
{
	for (size_t i = 0; i < PLACE_SLOTS; i++)
		drop(&p->slots[i]);
}
