#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imgunpack/modes.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"

struct modes_entry {
	uint64_t ino;
	char *path;
	mode_t mode;
};

void modes_set(struct modes *m, uint64_t ino, const char *path, mode_t mode)
{
	const uint32_t *i = map_get(&m->by_ino, ino);

	if (i) {
		m->v[*i].mode = mode;
		free(m->v[*i].path);
		m->v[*i].path = xstrdup(path);
		return;
	}
	m->v = xreallocarray(m->v, m->n + 1, sizeof(*m->v));
	map_put(&m->by_ino, ino, (uint32_t)m->n);
	m->v[m->n++] = (struct modes_entry){ ino, xstrdup(path), mode };
}

/* What is in a directory has a longer path. */
static int longest_first(const void *a, const void *b)
{
	size_t x = strlen(((const struct modes_entry *)a)->path),
	       y = strlen(((const struct modes_entry *)b)->path);

	return x < y ? 1 : x > y ? -1 : 0;
}

void modes_apply(struct modes *m, int rootfs_dirfd)
{
	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), longest_first);
	for (size_t i = 0; i < m->n; i++) {
		const char *path = m->v[i].path;
		_close_ int fd = path_open_in_root(rootfs_dirfd, *path ? path : ".",
						   O_RDONLY | O_DIRECTORY);
		struct stat st;

		if (fd >= 0 && !fstat(fd, &st) && st.st_ino == m->v[i].ino &&
		    fchmod(fd, m->v[i].mode))
			die("set the mode of '%s'", path);
	}
	modes_free(m);
}

void modes_free(struct modes *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].path);
	free(m->v);
	map_free(&m->by_ino);
	*m = (struct modes){ 0 };
}
