/* attr.h - owner, mode, extended attributes and time of what was just unpacked.
 *
 * In the one order that keeps them all: owner (clears set-ID bits and capabilities), mode (rewrites
 * the ACL's mask), attributes, time. Calls that would change nothing are left out. Failure: -1 and
 * errno.
 */
#ifndef IMGUNPACK_ATTR_H
#define IMGUNPACK_ATTR_H

#include <sys/stat.h>

#include "imgunpack/ids.h"

struct attr {
	const struct ids *ids;
	uint64_t left_out; /* attributes this process may not set */
};

/* A file opened for writing, made with the entry's mode (PRETEND: that the owner can write it) and
 * umask 0. INHERITS: see place.h. */
_check_ int attr_file(int fd, const struct tar_entry *e, bool inherits, struct attr *a);
/* A directory; FRESH: just made. Its time is not set, nor, when PRETEND, its mode. One that was
 * there loses the attributes that E lacks. */
_check_ int attr_dir(int fd, const struct tar_entry *e, bool inherits, bool fresh, struct attr *a);
/* A link or special file, just made with the entry's mode and umask 0. */
_check_ int attr_node(int dirfd, const char *name, const struct tar_entry *e, bool inherits,
		      struct attr *a);
/* Give TO the extended attributes FROM has, but for what is the host's. */
_check_ int attr_copy(int from, int to);
/* Give the directory TO owner, mode and attributes of the directory FROM, which is FROM_ST, and no
 * others. */
_check_ int attr_replace(int from, const struct stat *from_st, int to);
/* E sets a default ACL. */
bool attr_has_default_acl(const struct tar_entry *e);

#endif
