#include <arpa/inet.h>
#include <string.h>

#include "imgunpack/registry.h"
#include "lib/die.h"
#include "lib/mem.h"

enum { USUAL_TRIES = 5, USUAL_STALL_S = 60 };

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

/* The command line's word, else the file's, else the usual. */
static int first_of(int asked, int in_file, int usual)
{
	return asked > 0 ? asked : in_file ? in_file : usual;
}

static void apply_file(struct registry *r)
{
	struct registry_settings *s = &r->settings;
	struct registry_options *o = &r->options;

	xregistries_find(r->ref, s);
	if (s->blocked)
		diex("registry '%s': blocked by the file 'registries'", r->ref->domain);
	if (s->location && registries_place(s, r->ref, s->location, &r->place))
		diex("registry '%s': its location '%s' is none", r->ref->domain, s->location);
	if (s->location)
		r->ref = &r->place;
	o->insecure |= s->insecure;
	o->tls_ca = o->tls_ca ? o->tls_ca : s->ca;
	o->tries = first_of(o->tries, s->tries, USUAL_TRIES);
	o->stall_s = first_of(o->stall_s, s->timeout_s, USUAL_STALL_S);
	r->http_options.client_cert = s->cert;
	r->http_options.client_key = s->key;
}

void xregistry_open(struct registry *r, const struct ref *ref,
		    const struct registry_options *options)
{
	const struct registry_options *o = &r->options;
	bool loopback, has_certs;

	memset(r, 0, sizeof(*r));
	r->options = *options;
	r->ref = ref;
	apply_file(r);
	loopback = is_loopback(r->ref->domain);
	r->http_options.stall_s = (unsigned int)o->stall_s;
	r->http_options.direct = loopback;
	r->http_options.ca_file = o->tls_ca;
	has_certs = o->tls_ca || certs_find(r);
	r->http = http_new(&r->http_options);
	xcreds_find(o->creds, o->authfile, r->ref->domain, r->ref->path, &r->creds);
	if (has_certs || !(o->insecure || loopback))
		set_base(r, "https");
	else
		find_scheme(r, loopback);
}

void registry_close(struct registry *r)
{
	http_free(r->http);
	creds_free(&r->creds);
	strv_free(&r->cert_files);
	registries_free(&r->settings);
	free(r->base);
	free(r->authorization);
	memset(r, 0, sizeof(*r));
}
