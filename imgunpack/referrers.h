/* referrers.h - what refers to a manifest (signatures, lists of contents), in registries that keep
 * that list and in those where a tag holds it. */
#ifndef IMGUNPACK_REFERRERS_H
#define IMGUNPACK_REFERRERS_H

#include "imgunpack/registry.h"
#include "lib/image.h"
#include "lib/json.h"

/* The tag that stands for the list of what refers to D: "sha256-HEX". Caller frees. */
char *referrers_tag(const struct digest *d);
/* All descriptors that refer to D, an array, through as many pages as there are; TYPE, unless NULL,
 * is the only artifactType wanted. Caller frees. Dies. */
struct json *xreferrers_get(struct registry *r, const struct digest *d, const char *type);
/* The registry does not keep the list itself: note in the tag that M, stored as ID of SIZE bytes
 * and MEDIA_TYPE, refers to its subject. Dies. */
void xreferrers_add(struct registry *r, const struct image_manifest *m, const struct digest *id,
		    int64_t size, const char *media_type);

/* The target of the first rel="next" in VALUE, a Link header, or NULL. Caller frees. */
char *link_next(const char *value);
/* Go through the pages of BASE/REPOSITORY/WHAT: each goes to PAGE, which says whether there is need
 * of more. The registry's own pages only, and no endless ones. False with a reason in C when one
 * cannot be had; C is the last call, for the caller to free. */
typedef bool page_fn(void *ctx, const struct json *page);
bool pages_get(struct registry *r, const char *what, page_fn *page, void *ctx, struct call *c);

#endif
