/* challenge.h - what a registry's WWW-Authenticate headers ask for.
 *
 * The text comes from a stranger: names and values are bounded by the headers, anything odd is
 * skipped.
 */
#ifndef IMGUNPACK_CHALLENGE_H
#define IMGUNPACK_CHALLENGE_H

#include "lib/base.h"

enum challenge_scheme { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

struct challenge {
	enum challenge_scheme scheme;
	char *realm, *service, *scope, *error; /* NULL when absent */
};

/* Read one header value, which may hold several challenges. Bearer wins over Basic, the first of
 * each over later ones; call it again with the same struct for further headers. */
void challenge_read(const char *value, struct challenge *c);
void challenge_free(struct challenge *c);

#endif
