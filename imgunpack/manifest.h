/* manifest.h - from a reference to the manifests behind it, through the indexes a registry may put
 * before them. */
#ifndef IMGUNPACK_MANIFEST_H
#define IMGUNPACK_MANIFEST_H

#include "imgunpack/registry.h"
#include "lib/image.h"
#include "lib/platform.h"

/* A document as it came: its bytes are its identity. */
struct pulled_doc {
	struct digest digest;
	char *media_type;
	struct buf json;
};

struct pulled {
	struct pulled_doc *docs; /* what is to be kept: what lists comes behind what it lists */
	size_t n_docs;
	struct image_manifest *manifests; /* of those that are manifests */
	size_t n_manifests;
	bool chosen; /* an index said that the one manifest is for the platform */
};

/* Fetch what R's reference names, verified: the manifest for WANT where there are several, or all
 * of them and their indexes when it is NULL. Dies, saying why, when there is none. */
void xmanifest_pull(struct registry *r, const struct platform *want, struct pulled *out);
/* The document that the reference means: the one manifest, or the index of all. */
const struct pulled_doc *pulled_top(const struct pulled *p);
void pulled_free(struct pulled *p);

#endif
