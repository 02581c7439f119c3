/* tar_pax.h - what extended headers say about the next entry; private to lib/tar_*.c.
 *
 * Failure: -1 and errno EBADMSG, with *WHY pointing to a constant phrase.
 */
#ifndef LIB_TAR_PAX_H
#define LIB_TAR_PAX_H

#include "lib/tar.h"

enum { PAX_SIZE = 1, PAX_UID = 2, PAX_GID = 4, PAX_MTIME = 8, PAX_SPARSE = 16 };

struct tar_extent {
	uint64_t offset, len;
};

/* Empty is all zero. tar_pax_reset frees what it owns and empties it again. */
struct tar_pax {
	unsigned has; /* PAX_ bits: which of the numbers below were given */
	char *path, *link, *sparse_name;
	uint64_t size;
	uint32_t uid, gid;
	struct timespec mtime;
	struct tar_xattr *xattrs; /* owned, names and values too */
	size_t nxattrs;
	uint64_t sparse_major, sparse_minor, sparse_size;
	struct tar_extent *extents;
	size_t nextents, extents_cap;
	bool extent_open; /* sparse 0.0: an offset that still lacks its numbytes */
};

void tar_pax_reset(struct tar_pax *p);
/* Read the records of one extended header. RECORDS is overwritten. */
_check_ int tar_pax_parse(struct tar_pax *p, char *records, size_t len, const char **why);
/* Append an extent of a sparse map; bounds their number. */
_check_ int tar_pax_extent(struct tar_pax *p, uint64_t offset, uint64_t len);
/* The map ascends, stays within SIZE and accounts for exactly BODY bytes. */
bool tar_pax_map_ok(const struct tar_pax *p, uint64_t size, uint64_t body);

#endif
