/* ref.h - names of images in registries, read exactly as docker reads them.
 *
 * "busybox" is docker.io/library/busybox:latest, "127.0.0.1:5000/app@sha256:..." has a registry and
 * a digest. The first component is a registry iff it has a '.' or ':', is "localhost" or has an
 * upper-case letter. A leading "docker://" is allowed. All of it fits into fixed arrays, since
 * lengths are limited.
 */
#ifndef LIB_REF_H
#define LIB_REF_H

#include "lib/base.h"
#include "lib/digest.h"

enum { REF_NAME_MAX = 255, REF_TAG_MAX = 128 };

struct ref {
	char domain[REF_NAME_MAX + 1]; /* registry, perhaps with a port: "docker.io" */
	char path[REF_NAME_MAX + 1];   /* repository within it: "library/busybox" */
	char tag[REF_TAG_MAX + 1]; /* "" when only a digest was given; "latest" when neither was */
	struct digest digest;	   /* text "" when none was given */
};

/* Returns 0, or -1, EINVAL and in *WHY what is wrong with it, without the reference itself. */
_check_ int ref_parse(const char *text, struct ref *out, const char **why);

/* "docker.io/library/busybox:latest", in full: DOMAIN/PATH[:TAG][@DIGEST]. Caller frees. */
char *ref_full(const struct ref *r);

/* The shortest text that means the same, as docker shows it: "busybox:latest". Caller frees. */
char *ref_familiar(const struct ref *r);

/* [A-Za-z0-9_][A-Za-z0-9._-]{0,127} */
bool ref_is_tag(const char *text);

#endif
