/* manifest.h - from a reference to the manifests behind it, through the indexes a registry may put
 * before them. */
#ifndef IMGUNPACK_MANIFEST_H
#define IMGUNPACK_MANIFEST_H

#include "imgunpack/docs.h"
#include "imgunpack/registry.h"

struct pulled {
	struct docs docs;
	struct digest named; /* what the reference means, be it an index */
	bool chosen;	     /* an index said that the one manifest is for the platform */
};

/* Fetch what R's reference names, verified: the manifest for WANT where there are several, or all
 * of them and their indexes when it is NULL. Dies, saying why, when there is none. */
void xmanifest_pull(struct registry *r, const struct platform *want, struct pulled *out);

/* A document of R's repository, by a path such as "manifests/TAG", of at most IMAGE_JSON_MAX bytes;
 * ACCEPT is a header line. C is the call that got it, for the caller to look at and free. False
 * when there is none: its status and call_reason tell. */
bool document_get(struct registry *r, const char *what, const char *accept, struct buf *out,
		  struct call *c);
/* The same from URL, unless that is NULL: another page of WHAT. */
bool document_get_url(struct registry *r, const char *what, const char *url, const char *accept,
		      struct buf *out, struct call *c);
/* The header line for manifests of any kind. */
extern const char manifest_accept[];
/* Content-Type without its parameters; NULL where it says nothing. Caller frees. */
char *document_type(const struct http_request *h);

#endif
