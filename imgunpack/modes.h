/* modes.h - modes of directories that come last: who is not root could not work in them before. */
#ifndef IMGUNPACK_MODES_H
#define IMGUNPACK_MODES_H

#include <sys/types.h>

#include "imgunpack/map.h"

struct modes {
	struct modes_entry *v;
	size_t n;
	struct map by_ino; /* index into v */
};

/* The directory INO, which PATH leads to, is to end with MODE. */
void modes_set(struct modes *m, uint64_t ino, const char *path, mode_t mode);
/* Set them all, the deepest first, and forget them. A path that leads elsewhere by now is left
 * alone. Dies. */
void modes_apply(struct modes *m, int rootfs_dirfd);
void modes_free(struct modes *m);

#endif
