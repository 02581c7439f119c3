#include <string.h>

#include "imgunpack/challenge.h"
#include "imgunpack/registry.h"
#include "lib/base64.h"
#include "lib/die.h"
#include "lib/json.h"
#include "lib/mem.h"

static bool fail(struct call *c, const char *reason)
{
	snprintf(c->reason, sizeof(c->reason), "%s", reason);
	die_clean(c->reason);
	return false;
}

static char *basic(const struct creds *creds)
{
	_free_ char *pair = xasprintf("%s:%s", creds->user, creds->password);
	_free_ char *encoded = base64_encode(pair, strlen(pair));

	return xasprintf("Authorization: Basic %s", encoded);
}

static void set_authorization(struct registry *r, char *line)
{
	free(r->authorization);
	r->authorization = line;
}

static bool login_basic(struct registry *r, struct call *c)
{
	if (!r->creds.user)
		return fail(c, "authentication required");
	if (c->used)
		return fail(c, "credentials refused");
	set_authorization(r, basic(&r->creds));
	return true;
}

/* CVE-2019-10214: a token server must not see our password in clear when the registry would not. */
static bool is_safe_realm(const struct registry *r, const char *realm)
{
	return str_starts(realm, "https://") ||
	       (str_starts(realm, "http://") && str_starts(r->base, "http://"));
}

/* What the registry asks for; to push, always both, since its first question is about reading only.
 */
static char *wanted_scope(const struct registry *r, const struct challenge *ch)
{
	if (ch->scope && *ch->scope && str_eq(r->options.actions, "pull"))
		return xstrdup(ch->scope);
	if (r->catalog)
		return xstrdup("registry:catalog:*");
	return xasprintf("repository:%s:%s", r->ref->path, r->options.actions);
}

static void add_param(struct buf *b, const char *name, const char *value)
{
	_free_ char *escaped = http_escape(value);

	buf_addf(b, "%s%s=%s", b->len ? "&" : "", name, escaped);
}

static char *mount_scope(const struct registry *r)
{
	const char *from = r->options.mount_from;

	return from ? xasprintf("repository:%s:pull", from) : NULL;
}

/* GET REALM?service=...&scope=..., with the password if there is one. */
static void ask_by_get(struct registry *r, const struct challenge *ch, const char *scope,
		       struct http_request *q)
{
	_free_ char *second = mount_scope(r);
	_buf_ struct buf query = { 0 };

	if (ch->service)
		add_param(&query, "service", ch->service);
	add_param(&query, "scope", scope);
	if (second)
		add_param(&query, "scope", second);
	if (r->creds.user) {
		add_param(&query, "account", r->creds.user);
		strv_take(&q->headers, basic(&r->creds));
	}
	q->url = xasprintf("%s%c%s", ch->realm, strchr(ch->realm, '?') ? '&' : '?',
			   buf_str(&query));
	http_run(r->http, q);
}

/* The OAuth2 way, which is the only one for identity tokens. */
static void ask_by_post(struct registry *r, const struct challenge *ch, const char *scope,
			struct http_request *q)
{
	_free_ char *second = mount_scope(r);
	_free_ char *scopes = xasprintf("%s%s%s", scope, second ? " " : "", second ? second : "");
	_buf_ struct buf form = { 0 };

	add_param(&form, "grant_type", "refresh_token");
	add_param(&form, "service", ch->service ? ch->service : "");
	add_param(&form, "client_id", "lash");
	add_param(&form, "scope", scopes);
	add_param(&form, "refresh_token", r->creds.identity_token);
	q->method = "POST";
	q->body = buf_str(&form);
	q->body_len = form.len;
	q->url = xstrdup(ch->realm);
	strv_add(&q->headers, "Content-Type: application/x-www-form-urlencoded");
	http_run(r->http, q);
	q->body = NULL;
}

static bool take_token(struct registry *r, struct call *c, const struct http_request *q)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *doc = NULL;
	const char *token;

	if (!q->status)
		return fail(c, q->error);
	if (q->status != 200)
		return fail(c, q->status == 401 || q->status == 403
				       ? "credentials refused by the token server"
				       : "the token server gives no token");
	doc = json_parse(buf_str(&q->kept), q->kept.len, JSON_LAST_WINS, why);
	token = json_get_str(doc, "token");
	if (!token || !*token)
		token = json_get_str(doc, "access_token");
	/* It becomes a header line: nothing in it may end that line. */
	if (!token || !*token || strpbrk(token, "\r\n \t"))
		return fail(c, "the token server's answer has no token");
	set_authorization(r, xasprintf("Authorization: Bearer %s", token));
	return true;
}

static bool login_bearer(struct registry *r, struct call *c, const struct challenge *ch)
{
	_free_ char *scope = wanted_scope(r, ch);
	struct http_request q = { 0 };
	bool ok;

	if (!ch->realm || !is_safe_realm(r, ch->realm))
		return fail(c, "the registry names no token server we may use");
	if (r->creds.identity_token)
		ask_by_post(r, ch, scope, &q);
	else
		ask_by_get(r, ch, scope, &q);
	ok = take_token(r, c, &q);
	http_request_free(&q);
	return ok;
}

bool registry_login(struct registry *r, struct call *c)
{
	struct challenge ch = { 0 };
	const char *value;
	size_t at = 0;
	bool ok = false;

	while ((value = http_header_next(&c->http, "www-authenticate", &at)))
		challenge_read(value, &ch);
	if (ch.scheme == CHALLENGE_BASIC)
		ok = login_basic(r, c);
	else if (ch.scheme == CHALLENGE_BEARER)
		ok = login_bearer(r, c, &ch);
	challenge_free(&ch);
	return ok;
}
