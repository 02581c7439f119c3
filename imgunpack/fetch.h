/* fetch.h - blobs from a registry into a layout, several at a time. */
#ifndef IMGUNPACK_FETCH_H
#define IMGUNPACK_FETCH_H

#include "imgunpack/progress.h"
#include "imgunpack/registry.h"
#include "lib/image.h"

struct fetch_options {
	int jobs; /* so many at once */
	struct tell tell;
	bool resumable; /* somebody will try again: leave what came for them */
};

/* Bring the configs and the layers of N manifests M into the layout, except those it has. Size and
 * digest are verified on the way, a connection that breaks is taken up where it broke. Dies, with
 * no temporaries left unless they are to be, when one cannot be had. */
void xfetch_blobs(struct registry *r, int layout_dirfd, const struct image_manifest *m, size_t n,
		  const struct fetch_options *options);
/* The config of M alone, all the way to its place in the layout. */
void xfetch_config(struct registry *r, int layout_dirfd, const struct image_manifest *m,
		   const struct fetch_options *options);

#endif
