/* attr.h - owner, mode, extended attributes and time of what was just unpacked.
 *
 * In the one order that keeps them all: owner (clears set-ID bits and capabilities), mode (rewrites
 * the ACL's mask), attributes, time. Calls that would change nothing are left out. Failure: -1 and
 * errno.
 */
#ifndef IMGUNPACK_ATTR_H
#define IMGUNPACK_ATTR_H

#include "lib/tar.h"

/* A file opened for writing, made with the entry's mode and umask 0. INHERITS: see place.h. */
_check_ int attr_file(int fd, const struct tar_entry *e, bool inherits);
/* A directory; FRESH: just made. Its time is not set. One that was there loses the attributes that
 * E lacks. */
_check_ int attr_dir(int fd, const struct tar_entry *e, bool inherits, bool fresh);
/* A link or special file, just made with the entry's mode and umask 0. */
_check_ int attr_node(int dirfd, const char *name, const struct tar_entry *e, bool inherits);
/* E sets a default ACL. */
bool attr_has_default_acl(const struct tar_entry *e);

#endif
