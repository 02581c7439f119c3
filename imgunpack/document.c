#include <string.h>

#include "imgunpack/manifest.h"
#include "lib/mem.h"

/* All of them, always: without the indexes some registries pick an image themselves, others deny
 * there is one. */
const char manifest_accept[] = "Accept: " IMAGE_TYPE_INDEX ", " IMAGE_TYPE_MANIFEST
			       ", " IMAGE_TYPE_DOCKER_LIST ", " IMAGE_TYPE_DOCKER_MANIFEST;

static bool take_body(struct http_request *h, const void *data, size_t len)
{
	struct buf *b = h->arg;

	if (len > IMAGE_JSON_MAX - b->len)
		return false;
	buf_add(b, data, len);
	return true;
}

static bool begin_body(struct http_request *h)
{
	buf_reset(h->arg);
	return true;
}

char *document_type(const struct http_request *h)
{
	static const char *const vague[] = { "application/json", "application/octet-stream",
					     "text/plain" };
	const char *value = http_header(h, "content-type");
	_free_ char *type = value ? xmemdup0(value, strcspn(value, "; \t")) : NULL;

	for (size_t i = 0; type && i < ARRAY_LEN(vague); i++) {
		if (!strcasecmp(type, vague[i]))
			return NULL;
	}
	return type && *type ? steal_ptr(&type) : NULL;
}

bool document_get_url(struct registry *r, const char *what, const char *url, const char *accept,
		      struct buf *out, struct call *c)
{
	call_init(c, r, what);
	if (url) {
		free(c->url);
		c->url = xstrdup(url);
	}
	if (accept)
		strv_add(&c->headers, accept);
	c->http.start = begin_body;
	c->http.sink = take_body;
	c->http.arg = out;
	call_run(r, c);
	if (c->http.given_up && !c->reason[0])
		snprintf(c->reason, sizeof(c->reason), "larger than 4 MiB");
	return !c->http.given_up && c->http.status == 200;
}

bool document_get(struct registry *r, const char *what, const char *accept, struct buf *out,
		  struct call *c)
{
	return document_get_url(r, what, NULL, accept, out, c);
}
