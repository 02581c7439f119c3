#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "netns/cni_cache.h"

enum { CACHE_MAX = 8 << 20 };

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint8_t)s[i] << 16;
		size_t have = len - i < 3 ? len - i : 3;

		bits |= have > 1 ? (uint8_t)s[i + 1] << 8 : 0;
		bits |= have > 2 ? (uint8_t)s[i + 2] : 0;
		for (size_t j = 0; j < 4; j++)
			buf_addc(out, j <= have ? base64[bits >> (18 - 6 * j) & 63] : '=');
	}
}

/* -1: not base64. */
static int decode64(struct buf *out, const char *s)
{
	uint32_t bits = 0;
	int have = 0;

	for (; *s && *s != '='; s++) {
		const char *at = strchr(base64, *s);

		if (!at)
			return set_errno(EINVAL);
		bits = bits << 6 | (uint32_t)(at - base64);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_addc(out, bits >> have & 0xff);
		}
	}
	return 0;
}

int cache_dir(void)
{
	static int fd = -1;
	_free_ char *path = NULL;

	if (fd >= 0)
		return fd;
	path = xasprintf("%s/cni/results", sys_lash_root());
	fd = path_open_dir(path, 0700);
	if (fd < 0)
		die("open '%s'", path);
	return fd;
}

char *cache_name(const struct chain_call *c)
{
	return xasprintf("%s-%s-%s", c->net->name, c->id, c->ifname);
}

static void put_args(struct emit *e, const char *args)
{
	_strv_ struct strv words = { 0 };

	emit_array(e, "cniArgs");
	if (args && *args)
		strv_split(&words, args, ';');
	for (size_t i = 0; i < words.n; i++) {
		size_t len = strcspn(words.v[i], "=");

		emit_array(e, NULL);
		emit_strn(e, NULL, words.v[i], len);
		emit_str(e, NULL, words.v[i][len] ? words.v[i] + len + 1 : "");
		emit_end(e);
	}
	emit_end(e);
}

void cache_put(const struct chain_call *c, const char *version, const struct result *r)
{
	_free_ char *name = cache_name(c);
	_buf_ struct buf out = { 0 }, config = { 0 };
	struct emit e = { .out = &out };

	encode(&config, c->net->text.data, c->net->text.len);
	emit_object(&e, NULL);
	emit_str(&e, "kind", "cniCacheV1");
	emit_str(&e, "containerId", c->id);
	emit_str(&e, "config", buf_str(&config));
	emit_str(&e, "ifName", c->ifname);
	emit_str(&e, "networkName", c->net->name);
	emit_str(&e, "netns", c->netns);
	put_args(&e, c->args);
	emit_json(&e, "capabilityArgs", c->capabilities);
	if (r)
		result_emit(&e, "result", version, r);
	emit_end(&e);
	if (file_replace(cache_dir(), name, 0600, out.data, out.len, false))
		die("cache the result of '%s'", name);
}

void cached_free(struct cached *c)
{
	json_free(c->j);
	network_free(&c->net);
	free(c->args);
}

static char *join_args(const struct json *args)
{
	struct buf out = { 0 };

	for (const struct json *a = args ? args->child : NULL; a; a = a->next) {
		const struct json *key = a->child, *value = key ? key->next : NULL;

		if (value && key->type == JSON_STRING && value->type == JSON_STRING)
			buf_addf(&out, "%s%s=%s", out.len ? ";" : "", key->text, value->text);
	}
	return buf_steal(&out);
}

int chain_parse_cache(const char *text, size_t len, struct json **j, struct network *net,
		      char why[WHY_MAX])
{
	_buf_ struct buf config = { 0 };
	const char *encoded;

	*j = json_parse(text, len, JSON_LAST_WINS, why);
	if (!*j)
		return set_errno(EINVAL);
	encoded = json_get_str(*j, "config");
	if (!json_get_str(*j, "containerId") || !json_get_str(*j, "ifName") || !encoded ||
	    decode64(&config, encoded)) {
		snprintf(why, WHY_MAX, "not a cached result");
		return set_errno(EINVAL);
	}
	return network_parse(buf_str(&config), config.len, net, why);
}

int cache_read(const char *name, struct cached *c, char why[WHY_MAX])
{
	_buf_ struct buf text = { 0 };

	*why = '\0';
	if (file_read_regular(cache_dir(), name, CACHE_MAX, &text)) {
		if (errno == ENOENT)
			return -1;
		die("read cached result '%s'", name);
	}
	if (chain_parse_cache(buf_str(&text), text.len, &c->j, &c->net, why))
		return -1;
	c->args = join_args(json_get(c->j, "cniArgs"));
	c->call = (struct chain_call){ .id = json_get_str(c->j, "containerId"),
				       .ifname = json_get_str(c->j, "ifName"),
				       .args = c->args,
				       .net = &c->net,
				       .capabilities = json_get(c->j, "capabilityArgs") };
	return 0;
}

static bool is_of(const struct cached *cached, const struct chain_call *c)
{
	return str_eq(cached->call.id, c->id) && str_eq(cached->call.ifname, c->ifname) &&
	       str_eq(cached->net.name, c->net->name);
}

void cache_refuse_other(const struct chain_call *c)
{
	_free_ char *name = cache_name(c);
	_cached_ struct cached cached = { 0 };
	char why[WHY_MAX];

	/* What cannot be read is nobody's. */
	if (!cache_read(name, &cached, why) && !is_of(&cached, c))
		diex("cached result '%s' is that of '%s' in '%s' on network '%s'", name,
		     cached.call.ifname, cached.call.id, cached.net.name);
}

bool cache_get(const struct chain_call *c, struct cached *cached)
{
	_free_ char *name = cache_name(c);
	char why[WHY_MAX];

	if (cache_read(name, cached, why)) {
		if (*why)
			diex("cached result '%s': %s", name, why);
		return false;
	}
	return is_of(cached, c);
}
