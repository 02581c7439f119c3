#include <string.h>
#include <sys/random.h>

#include "imgunpack/registry.h"
#include "lib/die.h"
#include "lib/json.h"
#include "lib/mem.h"

enum {
	MAX_REDIRECTS = 10,
	MAX_LOGINS = 2,
	FIRST_DELAY_MS = 500,
	MAX_DELAY_MS = 60000,
};

void call_init(struct call *c, const struct registry *r, const char *what)
{
	memset(c, 0, sizeof(*c));
	if (r->catalog)
		c->url = xasprintf("%s%s", r->base, what);
	else
		c->url = xasprintf("%s%s/%s", r->base, r->ref->path, what);
}

void call_start(struct registry *r, struct call *c)
{
	struct http_request *h = &c->http;

	if (!h->url)
		h->url = xstrdup(c->url);
	strv_free(&h->headers);
	for (size_t i = 0; i < c->headers.n; i++)
		strv_add(&h->headers, c->headers.v[i]);
	free(c->used);
	c->used = NULL;
	if (r->authorization && !c->strayed) {
		c->used = xstrdup(r->authorization);
		strv_add(&h->headers, c->used);
	}
	c->reason[0] = '\0';
	http_start(r->http, h);
}

static void set_reason(struct call *c, const char *text)
{
	snprintf(c->reason, sizeof(c->reason), "%s", text);
	die_clean(c->reason);
}

bool call_is_passing(const struct call *c)
{
	const struct http_request *h = &c->http;

	switch (h->status) {
	case 0:
		return h->transient;
	case 408:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
		return true;
	default:
		return false;
	}
}

/* What the server asks for, else doubling from half a second; a little more at random, so that
 * parallel calls do not come back as one. */
unsigned int call_delay_ms(const struct call *c, int tries)
{
	int64_t asked = http_retry_after_ms(&c->http);
	uint64_t wait = asked >= 0 ? (uint64_t)asked : (uint64_t)FIRST_DELAY_MS << tries;
	uint16_t jitter = 0;

	if (getrandom(&jitter, sizeof(jitter), GRND_NONBLOCK) < 0)
		jitter = 0;
	wait += jitter % (FIRST_DELAY_MS / 2);
	return wait < MAX_DELAY_MS ? (unsigned int)wait : MAX_DELAY_MS;
}

/* Signed URLs of redirects expire: start over from the registry. */
static bool retry(struct registry *r, struct call *c)
{
	if (c->once || c->tries + 1 >= r->options.tries)
		return false;
	c->http.delay_ms = call_delay_ms(c, c->tries);
	debug("try '%s' again in %u ms: %s", c->url, c->http.delay_ms, call_reason(c));
	c->tries++;
	c->redirects = 0;
	c->strayed = false;
	free(c->http.url);
	c->http.url = NULL;
	return true;
}

static bool login(struct registry *r, struct call *c)
{
	if (c->strayed)
		return false;
	if (c->logins++ >= MAX_LOGINS) {
		set_reason(c, "the registry refuses the login it asked for");
		return false;
	}
	/* Another call may have renewed it meanwhile. */
	if (r->authorization && (!c->used || !str_eq(c->used, r->authorization)))
		return true;
	return registry_login(r, c);
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool redirect(struct call *c)
{
	const char *location = http_header(&c->http, "location");
	_free_ char *url = location ? http_resolve(c->http.url, location) : NULL;

	if (!url) {
		set_reason(c, "redirected to something that is no http or https URL");
		return false;
	}
	if (str_starts(c->http.url, "https:") && !str_starts(url, "https:")) {
		set_reason(c, "redirected from https to http");
		return false;
	}
	if (++c->redirects > MAX_REDIRECTS) {
		set_reason(c, "redirected too often");
		return false;
	}
	if (!http_same_origin(c->http.url, url))
		c->strayed = true;
	free(c->http.url);
	c->http.url = steal_ptr(&url);
	return true;
}

bool call_again(struct registry *r, struct call *c)
{
	struct http_request *h = &c->http;

	h->delay_ms = 0;
	if (h->given_up)
		return false;
	if (call_is_passing(c))
		return retry(r, c);
	if (h->status == 401)
		return login(r, c);
	return is_redirect(h->status) && redirect(c);
}

void call_run(struct registry *r, struct call *c)
{
	do {
		call_start(r, c);
		http_finish(r->http, &c->http);
	} while (call_again(r, c));
}

/* {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]} */
static bool read_errors(struct call *c)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *doc = json_parse(buf_str(&c->http.kept), c->http.kept.len,
					     JSON_LAST_WINS, why);
	const struct json *first = json_find(doc, "errors.0");
	const char *message = json_get_str(first, "message"), *code = json_get_str(first, "code");

	if (!message || !*message)
		message = code;
	if (!message || !*message)
		return false;
	set_reason(c, message);
	return true;
}

const char *call_reason(struct call *c)
{
	char text[64];

	if (c->reason[0])
		return c->reason;
	if (!c->http.status) {
		set_reason(c, c->http.error);
	} else if (!read_errors(c)) {
		snprintf(text, sizeof(text), "HTTP status %ld", c->http.status);
		set_reason(c, text);
	}
	return c->reason;
}

void call_free(struct call *c)
{
	http_request_free(&c->http);
	strv_free(&c->headers);
	free(c->url);
	free(c->used);
	memset(c, 0, sizeof(*c));
}
