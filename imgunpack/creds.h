/* creds.h - who we are to a registry: options, docker's and containers' files, credential helpers.
 *
 * The first source that knows the registry decides: --creds, --authfile, then REGISTRY_AUTH_FILE,
 * containers/auth.json below XDG_RUNTIME_DIR (or /run/containers/UID) and XDG_CONFIG_HOME,
 * config.json in DOCKER_CONFIG, ~/.dockercfg.
 * A file that was named must be there. A helper that fails is an error, never a reason to go on
 * without (CVE-2021-41092).
 */
#ifndef IMGUNPACK_CREDS_H
#define IMGUNPACK_CREDS_H

#include "lib/base.h"
#include "lib/json.h"

struct creds {
	char *user, *password; /* both or neither */
	char *identity_token;  /* an OAuth2 refresh token instead */
};

/* CREDS is "USER:PASSWORD" or NULL, AUTHFILE a file or NULL. DOMAIN and PATH are a reference's.
 * Knowing none is fine: *OUT is empty then. Dies, naming the file or the helper, when a source
 * cannot be read. */
void xcreds_find(const char *creds, const char *authfile, const char *domain, const char *path,
		 struct creds *out);
/* What DOC, a file of docker's form, says in its auths. -1, EINVAL: it is malformed there. */
_check_ int creds_of(const struct json *doc, const char *domain, const char *path,
		     struct creds *out);
void creds_free(struct creds *c);

#endif
