/* registry.h - one repository of one registry: where it is, who we are to it, how a request gets
 * through.
 *
 * A call is a request that may take several goes: a login when the registry asks for one,
 * redirects, another try after a passing fault. Credentials go to the registry's own origin only,
 * never along with a redirect, and to a token server only over https (or http if that is how the
 * registry itself is reached).
 */
#ifndef IMGUNPACK_REGISTRY_H
#define IMGUNPACK_REGISTRY_H

#include "imgunpack/creds.h"
#include "imgunpack/http.h"
#include "imgunpack/registries.h"
#include "lib/base.h"
#include "lib/ref.h"

struct registry_options {
	bool insecure;	    /* http, and certificates nobody vouches for */
	const char *tls_ca; /* PEM file of authorities, or NULL */
	const char *creds, *authfile;
	const char *actions;	/* "pull", "pull,push" */
	const char *mount_from; /* a second repository to be let into, or NULL */
	int tries;		/* goes at a call that fails in passing; -1: the usual */
	int stall_s;		/* likewise */
};

struct registry {
	struct registry_options options; /* as asked for, else as the file has it */
	struct registry_settings settings;
	const struct ref *ref;
	struct ref place; /* where the file puts it */
	struct http_options http_options;
	struct strv cert_files; /* owns what http_options names */
	struct http *http;
	char *base; /* "https://HOST[:PORT]/v2/" */
	struct creds creds;
	char *authorization; /* header line, or NULL */
	bool catalog;	     /* calls are of the registry, not of a repository */
};

/* Find out how the registry of REF is spoken to, from the file `registries` (registries.h) and by
 * asking. Dies when it cannot be reached, or must not be. */
void xregistry_open(struct registry *r, const struct ref *ref,
		    const struct registry_options *options);
void registry_close(struct registry *r);

struct call {
	struct http_request http;
	struct strv headers; /* the owner's */
	char *url;	     /* where it starts, and starts again */
	char *used;	     /* the authorization of the last go */
	bool once;	     /* its owner tries again, if anybody */
	bool strayed;	     /* redirected to another origin */
	int tries, redirects, logins;
	char reason[256];
};

/* Begin a call of BASE/REPOSITORY/WHAT ("blobs/sha256:..."). */
void call_init(struct call *c, const struct registry *r, const char *what);
/* One go; call_again tells whether the answer asks for another, which it has prepared. */
void call_start(struct registry *r, struct call *c);
bool call_again(struct registry *r, struct call *c);
/* All goes there are. */
void call_run(struct registry *r, struct call *c);
/* Did it fail in a way that may pass, and how long to wait after so many tries? */
bool call_is_passing(const struct call *c);
unsigned int call_delay_ms(const struct call *c, int tries);
/* Why it failed, for a message: "manifest unknown", "HTTP status 500", "Connection refused". Kept
 * in C. */
const char *call_reason(struct call *c);
void call_free(struct call *c);

/* Answer the challenge of C's 401: get an authorization for R. False, with a reason in C, when
 * there is none to be had. */
bool registry_login(struct registry *r, struct call *c);
/* Use the CA and client certificate that /etc/docker/certs.d and its kin have for R's host; false
 * when there are none. */
bool certs_find(struct registry *r);

#endif
