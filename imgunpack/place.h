/* place.h - the directories entries go into, kept open: an archive mostly stays where it is.
 *
 * Paths are clean (tar_clean_path) and hostile; links in them resolve inside the root as a chroot
 * would.
 */
#ifndef IMGUNPACK_PLACE_H
#define IMGUNPACK_PLACE_H

#include "imgunpack/times.h"

enum { PLACE_SLOTS = 64 };

struct place_dir {
	int fd; /* O_RDONLY; the cache's */
	uint64_t ino;
	bool inherits; /* set-group-ID or a default ACL: what is made in it gets more than it was
			  given */
};

struct place_slot {
	struct place_dir dir;
	char *path;
	size_t len;
	uint64_t hash, used;
};

struct place {
	int rootfs_dirfd; /* the caller's */
	bool acls;	  /* some directory has a default ACL */
	struct times
		*times; /* told the time of every directory found, before something is made in it */
	struct place_slot slots[PLACE_SLOTS];
	uint64_t clock;
};

/* The directory that the first LEN bytes of PATH name; valid until the next call of these. NULL and
 * errno. */
const struct place_dir *place_open(struct place *p, const char *path, size_t len);
/* Open NAME in DIR, a directory just made, as PATH; NULL and errno. */
const struct place_dir *place_enter(struct place *p, const struct place_dir *dir, const char *name,
				    const char *path);
/* Forget all: a directory or a link was removed, and any path may lead elsewhere now. */
void place_flush(struct place *p);

#endif
