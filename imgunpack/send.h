/* send.h - blobs of a layout to a registry, several at a time. */
#ifndef IMGUNPACK_SEND_H
#define IMGUNPACK_SEND_H

#include "imgunpack/progress.h"
#include "imgunpack/registry.h"
#include "lib/image.h"

struct send_options {
	int jobs; /* so many at once */
	struct tell tell;
	int64_t chunk_bytes; /* send in pieces of so much; 0: in one piece, if the registry takes it
			      */
	const char *mount_from; /* a repository of the same registry that may have them, or NULL */
};

/* Upload the configs and the layers of N manifests M, except those the registry has and those that
 * may not be handed on. Dies when one does not get through. */
void xsend_blobs(struct registry *r, int layout_dirfd, const struct image_manifest *m, size_t n,
		 const struct send_options *options);

#endif
