#include <string.h>

#include "imgunpack/manifest.h"
#include "imgunpack/referrers.h"
#include "lib/die.h"
#include "lib/mem.h"

enum { PAGES_MAX = 1000 };

static const char *skip_blank(const char *p)
{
	return p + strspn(p, " \t,");
}

/* Behind the '>' of a link: do its parameters, up to the next link, say rel=next? *END moves there.
 */
static bool is_next(const char *p, const char **end)
{
	size_t len = strcspn(p, "<");
	_free_ char *params = xmemdup0(p, len);
	_strv_ struct strv words = { 0 };
	bool found = false;

	*end = p + len;
	strv_split(&words, params, ';');
	for (size_t i = 0; i < words.n; i++) {
		const char *w = words.v[i] + strspn(words.v[i], " \t");
		size_t n = strcspn(w, " \t,");

		found |= (n == 8 && !strncasecmp(w, "rel=next", n)) ||
			 (n == 10 && !strncasecmp(w, "rel=\"next\"", n));
	}
	return found;
}

char *link_next(const char *value)
{
	const char *p = skip_blank(value);

	while (*p == '<') {
		const char *target = p + 1;
		size_t len = strcspn(target, ">");

		if (!target[len])
			return NULL;
		if (is_next(target + len + 1, &p))
			return xmemdup0(target, len);
		p = skip_blank(p);
	}
	return NULL;
}

/* Where the next page is: with this registry, or nowhere. */
static char *next_page(const struct registry *r, const struct call *c)
{
	const char *value = http_header(&c->http, "link");
	_free_ char *target = value ? link_next(value) : NULL;
	_free_ char *url = target ? http_resolve(c->http.url, target) : NULL;

	return url && http_same_origin(url, r->base) ? steal_ptr(&url) : NULL;
}

static bool refuse(struct call *c, const char *reason)
{
	snprintf(c->reason, sizeof(c->reason), "%s", reason);
	return false;
}

bool pages_get(struct registry *r, const char *what, page_fn *page, void *ctx, struct call *c)
{
	_strv_ struct strv seen = { 0 };
	char *url = NULL;

	for (int n = 0; n < PAGES_MAX; n++) {
		char why[JSON_WHY_MAX];
		_buf_ struct buf b = { 0 };
		_json_ struct json *j = NULL;

		if (n)
			call_free(c);
		if (!document_get_url(r, what, url, NULL, &b, c))
			return false;
		j = json_parse(buf_str(&b), b.len, JSON_LAST_WINS, why);
		if (!j || j->type != JSON_OBJECT)
			return refuse(c, "the answer is no JSON object");
		if (!page(ctx, j))
			return true;
		url = next_page(r, c);
		if (!url)
			return true;
		if (strv_index(seen.v, url) >= 0) {
			free(url);
			return refuse(c, "pages that go in circles");
		}
		strv_take(&seen, url);
	}
	return refuse(c, "more pages than anybody could want");
}
