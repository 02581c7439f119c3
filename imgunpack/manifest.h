/* manifest.h - from a reference to the manifest of one image, through the indexes a registry may
 * put before it. */
#ifndef IMGUNPACK_MANIFEST_H
#define IMGUNPACK_MANIFEST_H

#include "imgunpack/registry.h"
#include "lib/image.h"

struct pulled {
	struct digest digest; /* of the manifest */
	char *media_type;
	struct buf json; /* its bytes, which are its identity */
	struct image_manifest manifest;
	bool chosen; /* an index said that it is for the platform */
};

/* Fetch the manifest that R's reference names, verified, taking the image for WANT where there are
 * several. Dies, saying why, when there is none. */
void xmanifest_pull(struct registry *r, const struct platform *want, struct pulled *out);
void pulled_free(struct pulled *p);

#endif
