/* times.h - modification times of directories, put back once a layer's entries are all in place. */
#ifndef IMGUNPACK_TIMES_H
#define IMGUNPACK_TIMES_H

#include <time.h>

#include "imgunpack/map.h"

struct times {
	struct times_entry *v;
	size_t n, cap;
	struct map by_ino; /* index into v */
};

/* The directory INO, which PATH leads to, is to end with MTIME. */
void times_set(struct times *t, uint64_t ino, const char *path, struct timespec mtime);
/* The same unless there is a time for it already. */
void times_keep(struct times *t, uint64_t ino, const char *path, struct timespec mtime);
/* Set them all, and forget them. A path that leads elsewhere by now is left alone. Dies. */
void times_apply(struct times *t, int rootfs_dirfd);
void times_free(struct times *t);

#endif
