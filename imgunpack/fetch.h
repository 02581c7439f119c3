/* fetch.h - blobs from a registry into a layout, several at a time. */
#ifndef IMGUNPACK_FETCH_H
#define IMGUNPACK_FETCH_H

#include "imgunpack/registry.h"
#include "lib/image.h"

/* Bring the config and the layers of M into the layout, except those it has. Size and digest are
 * verified on the way, a connection that breaks is taken up where it broke. At most JOBS at once.
 * Dies, with no temporaries left, when one cannot be had. */
void xfetch_blobs(struct registry *r, int layout_dirfd, const struct image_manifest *m, int jobs,
		  bool quiet);

#endif
