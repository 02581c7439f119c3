/* registries.h - what the file `registries` says of a registry: how it is reached, what stands in
 * for it.
 *
 * A line is a registry or a part of one, "docker.io", "docker.io/library", "*.example.org", then
 * words: insecure, blocked, mirror=PLACE, by-digest, location=PLACE, ca=FILE, cert=FILE, key=FILE,
 * verify=PROGRAM, tries=N, timeout=SECONDS. A PLACE is HOST[:PORT][/PATH] and takes the place of
 * what the line names. '#' begins a comment. Of several lines that fit the longest counts, alone.
 */
#ifndef IMGUNPACK_REGISTRIES_H
#define IMGUNPACK_REGISTRIES_H

#include "lib/base.h"
#include "lib/ref.h"
#include "lib/str.h"

struct registry_settings {
	char *prefix; /* of the line; NULL: none fits */
	bool insecure, blocked, by_digest;
	struct strv mirrors; /* in the order they are tried */
	char *location, *ca, *cert, *key, *verify;
	int tries, timeout_s; /* 0: not said */
};

enum { REGISTRIES_WHY_MAX = 256 };

/* What TEXT says of NAME, DOMAIN/PATH. -1, EINVAL and a reason when any line of it cannot be read.
 * Free with registries_free on success. */
_check_ int registries_read(const char *text, const char *name, struct registry_settings *out,
			    char why[REGISTRIES_WHY_MAX]);
void registries_free(struct registry_settings *s);
/* $LASH_ETC/registries likewise, for R; empty when there is no such file. Dies. */
void xregistries_find(const struct ref *r, struct registry_settings *out);

/* R with what S's line names replaced by PLACE. -1: that makes no reference. */
_check_ int registries_place(const struct registry_settings *s, const struct ref *r,
			     const char *place, struct ref *out);

#endif
