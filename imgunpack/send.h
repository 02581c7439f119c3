/* send.h - blobs of a layout to a registry, several at a time. */
#ifndef IMGUNPACK_SEND_H
#define IMGUNPACK_SEND_H

#include "imgunpack/progress.h"
#include "imgunpack/registry.h"
#include "lib/image.h"

/* Upload the config and the layers of M, except those the registry has and those that may not be
 * handed on. At most JOBS at once. Dies when one does not get through. */
void xsend_blobs(struct registry *r, int layout_dirfd, const struct image_manifest *m, int jobs,
		 struct tell tell);

#endif
