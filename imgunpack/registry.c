#include <arpa/inet.h>
#include <string.h>

#include "imgunpack/registry.h"
#include "lib/die.h"
#include "lib/mem.h"

/* Docker's name for its registry is not its address. */
static const char *api_host(const char *domain)
{
	return str_eq(domain, "docker.io") ? "registry-1.docker.io" : domain;
}

static bool is_loopback(const char *domain)
{
	_free_ char *host = xmemdup0(domain, strcspn(domain, ":"));
	struct in_addr a;

	if (str_eq(host, "localhost") || str_starts(domain, "[::1]"))
		return true;
	return inet_pton(AF_INET, host, &a) == 1 && ntohl(a.s_addr) >> 24 == 127;
}

static void set_base(struct registry *r, const char *scheme)
{
	free(r->base);
	r->base = xasprintf("%s://%s/v2/", scheme, api_host(r->ref->domain));
}

/* Does something speak SCHEME there? A TLS port answers plain http, if at all, with 400. */
static bool speaks(struct registry *r, const char *scheme, char *why, size_t why_max)
{
	struct http_request probe = { 0 };
	bool ok;

	set_base(r, scheme);
	probe.url = xstrdup(r->base);
	http_run(r->http, &probe);
	ok = probe.status && probe.status != 400;
	if (!ok)
		snprintf(why, why_max, "%s", probe.status ? "it does not speak http" : probe.error);
	http_request_free(&probe);
	return ok;
}

/* A registry that need not prove who it is: find out by asking, the likelier way first. */
static void find_scheme(struct registry *r, bool loopback)
{
	const char *first = loopback ? "http" : "https", *second = loopback ? "https" : "http";
	char why[256], unused[256];

	r->http_options.unverified = true;
	if (!speaks(r, first, why, sizeof(why)) && !speaks(r, second, unused, sizeof(unused)))
		diex("reach registry '%s': %s", r->ref->domain, why);
}

void xregistry_open(struct registry *r, const struct ref *ref,
		    const struct registry_options *options)
{
	bool loopback = is_loopback(ref->domain), has_certs;

	memset(r, 0, sizeof(*r));
	r->options = options;
	r->ref = ref;
	r->http_options.stall_s = (unsigned int)options->stall_s;
	r->http_options.direct = loopback;
	r->http_options.ca_file = options->tls_ca;
	has_certs = options->tls_ca || certs_find(r);
	r->http = http_new(&r->http_options);
	xcreds_find(options->creds, options->authfile, ref->domain, ref->path, &r->creds);
	if (has_certs || !(options->insecure || loopback))
		set_base(r, "https");
	else
		find_scheme(r, loopback);
}

void registry_close(struct registry *r)
{
	http_free(r->http);
	creds_free(&r->creds);
	strv_free(&r->cert_files);
	free(r->base);
	free(r->authorization);
	memset(r, 0, sizeof(*r));
}
