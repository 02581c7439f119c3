/* pack_attr.h - extended attributes of what is packed, and what overlayfs means by its own. Dies on
 * failure. */
#ifndef IMGUNPACK_PACK_ATTR_H
#define IMGUNPACK_PACK_ATTR_H

#include <sys/stat.h>

#include "lib/tar.h"

struct pack_attrs {
	struct tar_xattr *v; /* those an image carries */
	size_t n;
	bool is_opaque; /* overlayfs: a directory that hides what is below */
	/* overlayfs: the attribute that says that content is in a lower layer, or NULL */
	const char *elsewhere;
};

/* Of an open file or directory. UPPER: one of an overlay, whose own attributes mean something. */
struct pack_attrs pack_attrs_read(int fd, const char *path, bool upper);
void pack_attrs_free(struct pack_attrs *a);
/* In an overlay's upper directory: does NAME mean that it is deleted? */
bool pack_attrs_is_whiteout(int dirfd, const char *name, const struct stat *st);

#endif
