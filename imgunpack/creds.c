#include <fcntl.h>
#include <string.h>

#include "imgunpack/creds.h"
#include "imgunpack/helper.h"
#include "lib/base64.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/json.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { FILE_MAX = 1 << 20, SECRET_MAX = 64 * 1024 };

static const char docker_key[] = "https://index.docker.io/v1/";

void creds_free(struct creds *c)
{
	free(c->user);
	free(c->password);
	free(c->identity_token);
	memset(c, 0, sizeof(*c));
}

static bool is_known(const struct creds *c)
{
	return c->user || c->identity_token;
}

/* "USER:PASSWORD"; a password may hold colons and, padded by old tools, end in NULs. */
static bool split_pair(const char *pair, struct creds *out)
{
	const char *colon = strchr(pair, ':');

	if (!colon || colon == pair)
		return false;
	out->user = xmemdup0(pair, (size_t)(colon - pair));
	out->password = xstrdup(colon + 1);
	return true;
}

static const char *without_scheme(const char *key)
{
	const char *rest = str_after(key, "https://");

	rest = rest ? rest : str_after(key, "http://");
	return rest ? rest : key;
}

/* Is KEY, perhaps a URL as docker writes it, this very host (and not a namespace of it)? */
static bool is_host_key(const char *key, const char *host)
{
	static const char *const tails[] = { "", "/", "/v1", "/v1/", "/v2", "/v2/" };
	const char *rest = str_after(without_scheme(key), host);

	for (size_t i = 0; rest && i < ARRAY_LEN(tails); i++) {
		if (str_eq(rest, tails[i]))
			return true;
	}
	return false;
}

static bool matches(const char *key, const char *wanted, bool is_host)
{
	if (str_eq(key, wanted))
		return true;
	if (!is_host)
		return false;
	if (str_eq(wanted, "docker.io") && is_host_key(key, "index.docker.io"))
		return true;
	return is_host_key(key, wanted);
}

/* The most specific member of AUTHS for DOMAIN/PATH: a/b/c, then a/b, then a. */
static const struct json *find_auth(const struct json *auths, const char *domain, const char *path)
{
	_free_ char *wanted = xasprintf("%s/%s", domain, path);

	for (;;) {
		bool is_host = str_eq(wanted, domain);
		char *slash;

		for (const struct json *m = auths ? auths->child : NULL; m; m = m->next) {
			if (matches(m->key, wanted, is_host))
				return m;
		}
		slash = strrchr(wanted, '/');
		if (is_host || !slash)
			return NULL;
		*slash = '\0';
	}
}

static int take_auth(const struct json *auth, struct creds *out)
{
	const char *token = json_get_str(auth, "identitytoken"), *pair = json_get_str(auth, "auth");
	const char *user = json_get_str(auth, "username"),
		   *password = json_get_str(auth, "password");

	if (token && *token) {
		out->identity_token = xstrdup(token);
	} else if (pair && *pair) {
		size_t len;
		_free_ char *plain = base64_decode(pair, &len);

		if (!plain || !split_pair(plain, out))
			return set_errno(EINVAL);
	} else if (user && *user && password) {
		out->user = xstrdup(user);
		out->password = xstrdup(password);
	}
	return 0;
}

int creds_of(const struct json *doc, const char *domain, const char *path, struct creds *out)
{
	const struct json *auth = find_auth(json_get(doc, "auths"), domain, path);

	return auth ? take_auth(auth, out) : 0;
}

static void xcreds_of(const struct json *doc, const char *file, const char *domain,
		      const char *path, struct creds *out)
{
	if (creds_of(doc, domain, path, out))
		diex("read '%s': malformed auth for '%s/%s'", file, domain, path);
}

/* Run docker-credential-NAME get; what it prints goes to OUT. Returns its exit status. */
static int ask(const char *name, const char *server, struct buf *out)
{
	_free_ char *program = xasprintf("docker-credential-%s", name);
	char get[] = "get", *argv[] = { program, get, NULL };
	_buf_ struct buf input = { 0 };

	buf_adds(&input, server);
	return helper_run(argv, &input, -1, SECRET_MAX, out);
}

static void ask_helper(const char *name, const char *domain, struct creds *out)
{
	const char *server = str_eq(domain, "docker.io") ? docker_key : domain, *user, *secret;
	char why[JSON_WHY_MAX];
	_json_ struct json *j = NULL;
	_buf_ struct buf b = { 0 };

	if (!str_is_name(name))
		diex("malformed credential helper '%s'", name);
	if (ask(name, server, &b)) {
		if (strstr(buf_str(&b), "credentials not found"))
			return;
		diex("credential helper '%s' failed for '%s': %.200s", name, server, buf_str(&b));
	}
	j = json_parse(buf_str(&b), b.len, JSON_LAST_WINS, why);
	user = json_get_str(j, "Username");
	secret = json_get_str(j, "Secret");
	if (!user || !secret)
		diex("credential helper '%s' gave no answer for '%s'", name, server);
	if (str_eq(user, "<token>")) {
		out->identity_token = xstrdup(secret);
		return;
	}
	out->user = xstrdup(user);
	out->password = xstrdup(secret);
}

/* What is looked for, and where it goes. */
struct search {
	const char *domain, *path;
	struct creds *out;
};

static void use_document(const struct search *s, const struct json *doc, const char *file)
{
	const struct json *helpers = json_get(doc, "credHelpers");
	const char *store = json_get_str(doc, "credsStore");

	for (const struct json *m = helpers ? helpers->child : NULL; m; m = m->next) {
		if (m->type == JSON_STRING && matches(m->key, s->domain, true)) {
			ask_helper(m->text, s->domain, s->out);
			return;
		}
	}
	if (store && *store)
		ask_helper(store, s->domain, s->out);
	if (!is_known(s->out))
		xcreds_of(doc, file, s->domain, s->path, s->out);
}

static void use_file(const struct search *s, const char *file, bool must_exist)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *doc = NULL;
	_buf_ struct buf b = { 0 };

	if (file_read(AT_FDCWD, file, FILE_MAX, &b)) {
		if (!must_exist && (errno == ENOENT || errno == ENOTDIR))
			return;
		die("read '%s'", file);
	}
	doc = json_parse(buf_str(&b), b.len, JSON_LAST_WINS, why);
	if (!doc)
		diex("read '%s': %s", file, why);
	use_document(s, doc, file);
}

/* FILE below the directory VARIABLE names, or below HOME/FALLBACK. */
static void use_default(const struct search *s, const char *variable, const char *fallback,
			const char *file)
{
	const char *dir = getenv(variable), *home = getenv("HOME");
	_free_ char *name = NULL;

	if (is_known(s->out))
		return;
	if (dir && *dir)
		name = xasprintf("%s/%s", dir, file);
	else if (fallback && home && *home)
		name = xasprintf("%s/%s/%s", home, fallback, file);
	if (name)
		use_file(s, name, false);
}

/* Where podman login writes to; root has no XDG_RUNTIME_DIR, as a rule. */
static void use_runtime(const struct search *s)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	_free_ char *name = dir && *dir ? xasprintf("%s/containers/auth.json", dir)
					: xasprintf("/run/containers/%u/auth.json", geteuid());

	use_file(s, name, false);
}

/* What docker wrote before 1.7: the auths alone. */
static void use_legacy(const struct search *s)
{
	const char *home = getenv("HOME");
	_free_ char *name = xasprintf("%s/.dockercfg", home ? home : "");
	char why[JSON_WHY_MAX];
	_json_ struct json *doc = json_new(JSON_OBJECT);
	struct json *auths;
	_buf_ struct buf b = { 0 };

	if (is_known(s->out) || !home || !*home || file_read(AT_FDCWD, name, FILE_MAX, &b))
		return;
	auths = json_parse(buf_str(&b), b.len, JSON_LAST_WINS, why);
	if (!auths)
		diex("read '%s': %s", name, why);
	json_set(doc, "auths", auths);
	xcreds_of(doc, name, s->domain, s->path, s->out);
}

void xcreds_find(const char *creds, const char *authfile, const char *domain, const char *path,
		 struct creds *out)
{
	const char *named = authfile ? authfile : getenv("REGISTRY_AUTH_FILE");
	const struct search s = { domain, path, out };

	memset(out, 0, sizeof(*out));
	if (creds) {
		if (!split_pair(creds, out))
			diex("malformed credentials, want USER:PASSWORD");
	} else if (named && *named) {
		use_file(&s, named, true);
	} else {
		use_runtime(&s);
		use_default(&s, "XDG_CONFIG_HOME", ".config", "containers/auth.json");
		use_default(&s, "DOCKER_CONFIG", ".docker", "config.json");
		use_legacy(&s);
	}
}
