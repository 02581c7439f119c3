/* docs.h - the JSON of an image, or of an index and all it lists: bytes as they are, since they are
 * its identity. */
#ifndef IMGUNPACK_DOCS_H
#define IMGUNPACK_DOCS_H

#include "lib/layout.h"

enum { DOCS_MAX = 1024 };

struct doc {
	struct digest digest;
	char *media_type; /* NULL while it is not known */
	struct buf json;
};

struct docs {
	struct doc *v; /* what lists comes behind what it lists */
	size_t n;
	struct image_manifest *manifests; /* of those that are manifests */
	size_t n_manifests;
};

bool doc_is_index(const struct doc *d);
void doc_free(struct doc *d);

/* Take over D, a manifest or an index, completing its media type. -1 and WHY: it is none. */
_check_ int docs_add(struct docs *l, struct doc *d, char why[IMAGE_WHY_MAX]);
bool docs_has(const struct docs *l, const struct digest *d);
/* Is D an entry of an index that can be followed? Others are blobs to nobody knows whom. */
bool docs_can_follow(const struct image_descriptor *d);
/* The one that leads to all others. */
const struct doc *docs_top(const struct docs *l);
void docs_free(struct docs *l);

/* All that NAME of a layout leads to, of every platform. Dies when some of it is missing. */
void xdocs_load(int layout_dirfd, const struct layout_name *name, struct docs *out);
/* The same of the document D. */
void xdocs_load_from(int layout_dirfd, const struct image_descriptor *d, struct docs *out);
/* Write those a layout lacks. Dies. */
void xdocs_store(int layout_dirfd, const struct docs *l);

#endif
