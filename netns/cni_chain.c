/* A network's list of plugins, run as libcni runs it; what is needed for DEL is cached in libcni's
 * format before anything is made. */
#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "netns/cni.h"

enum { CACHE_MAX = 8 << 20, PLUGINS_MAX = 64 };

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

static int cache_dir(void)
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

static char *cache_name(const struct chain_call *c)
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

/* R is NULL while nothing is made yet. */
static void cache_put(const struct chain_call *c, const char *version, const struct result *r)
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

/* A cached attachment. Its network holds the list of then. */
struct cached {
	struct json *j;
	struct network net;
	struct chain_call call;
	char *args;
};

static void cached_free(struct cached *c)
{
	json_free(c->j);
	network_free(&c->net);
	free(c->args);
}
#define _cached_ __attribute__((cleanup(cached_free)))

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

/* False: there is none. */
static bool cache_get(const char *name, struct cached *c)
{
	_buf_ struct buf text = { 0 };
	char why[WHY_MAX] = "";

	if (file_read(cache_dir(), name, CACHE_MAX, &text)) {
		if (errno == ENOENT)
			return false;
		die("read cached result '%s'", name);
	}
	if (chain_parse_cache(buf_str(&text), text.len, &c->j, &c->net, why))
		diex("cached result '%s': %s", name, why);
	c->args = join_args(json_get(c->j, "cniArgs"));
	c->call = (struct chain_call){ .id = json_get_str(c->j, "containerId"),
				       .ifname = json_get_str(c->j, "ifName"),
				       .args = c->args,
				       .net = &c->net,
				       .capabilities = json_get(c->j, "capabilityArgs") };
	return true;
}

/* Those of the runtime's wishes the plugin says it can do. */
static struct json *runtime_config(const struct json *plugin, const struct json *wishes)
{
	const struct json *can = json_get(plugin, "capabilities");
	struct json *out = json_new(JSON_OBJECT);

	for (const struct json *w = wishes ? wishes->child : NULL; w; w = w->next) {
		const struct json *yes = json_get(can, w->key);

		if (yes && yes->type == JSON_TRUE)
			json_set(out, w->key, json_copy(w));
	}
	return out;
}

static struct json *result_json(const char *version, const struct result *r)
{
	_buf_ struct buf text = { 0 };
	struct emit e = { .out = &text };
	char why[JSON_WHY_MAX];

	result_emit(&e, NULL, version, r);
	return json_parse(buf_str(&text), text.len, 0, why);
}

struct run {
	const struct chain_call *c;
	struct json *list;
	const char *version;
	int netns_fd;
	bool first;
	bool lenient;
};

static void open_run(struct run *run, const struct chain_call *c)
{
	char why[JSON_WHY_MAX];

	*run = (struct run){ .c = c, .netns_fd = -1, .first = true };
	run->list = json_parse(c->net->text.data, c->net->text.len, JSON_LAST_WINS, why);
	if (!run->list)
		diex("network '%s': %s", c->net->name, why);
	cni_fold(run->list);
	run->version = cni_version_of(run->list);
	if (!run->version)
		diex("network '%s': no version of CNI that is known here", c->net->name);
	if (c->netns && *c->netns)
		run->netns_fd = nsfile_open(c->netns);
}

static void close_run(struct run *run)
{
	json_free(run->list);
	close_fd(&run->netns_fd);
}

/* Where plugins of others are: what the caller says, or where distributions put them. Ours come
 * first, unless the caller has an order of his own. */
static const char *plugin_path(void)
{
	return sys_dir("CNI_PATH", "/usr/lib/cni:/opt/cni/bin");
}

static void run_one(struct run *run, const struct json *plugin, enum cni_verb verb,
		    const struct result *prev, const struct json *more, struct result *r)
{
	struct call c = { .verb = verb,
			  .id = run->c->id,
			  .ifname = run->c->ifname,
			  .netns = run->netns_fd < 0 ? "" : run->c->netns,
			  .args = run->c->args,
			  .path = plugin_path(),
			  .netns_fd = run->netns_fd,
			  .ours_first = !getenv("CNI_PATH"),
			  .lenient = run->lenient,
			  .conf = json_copy(plugin) };

	json_set(c.conf, "name", json_new_str(run->c->net->name));
	json_set(c.conf, "cniVersion", json_new_str(run->version));
	json_set(c.conf, "runtimeConfig", runtime_config(plugin, run->c->capabilities));
	if (prev)
		json_set(c.conf, "prevResult", result_json(run->version, prev));
	for (const struct json *m = more ? more->child : NULL; m; m = m->next)
		json_set(c.conf, m->key, json_copy(m));
	cni_open_conf(&c);
	if (!c.type || !str_is_name(c.type))
		diex("network '%s': a plugin without a type", run->c->net->name);
	cni_run(&c, c.type, r);
	result_free(&c.prev);
	json_free(c.conf);
}

static const struct json *plugins_of(const struct run *run)
{
	const struct json *plugins = json_get(run->list, "plugins");

	return plugins ? plugins->child : NULL;
}

void chain_add(const struct chain_call *c, struct result *r)
{
	struct run run;

	open_run(&run, c);
	cache_put(c, run.version, NULL);
	for (const struct json *p = plugins_of(&run); p; p = p->next) {
		const struct plugin *ours = plugin_find(json_get_str(p, "type") ?: "");
		struct result prev = *r;

		/* A plugin that goes on from the result starts with it; others make their own. */
		*r = (struct result){ 0 };
		if (ours && ours->chained)
			result_copy(r, &prev);
		run_one(&run, p, CNI_ADD, run.first ? NULL : &prev, NULL, r);
		result_free(&prev);
		run.first = false;
	}
	cache_put(c, run.version, r);
	close_run(&run);
}

/* The cached result, if ADD came that far. */
static bool cached_result(const struct cached *cached, struct result *r)
{
	const struct json *j = json_get(cached->j, "result");
	char why[WHY_MAX];

	return j && !result_parse(j, r, why);
}

static void del_cached(struct cached *cached, const char *netns)
{
	const struct json *order[PLUGINS_MAX];
	struct result prev = { 0 }, none = { 0 };
	bool has_prev = cached_result(cached, &prev);
	struct run run;
	size_t n = 0;

	cached->call.netns = netns;
	open_run(&run, &cached->call);
	run.lenient = !has_prev;
	for (const struct json *p = plugins_of(&run); p && n < PLUGINS_MAX; p = p->next)
		order[n++] = p;
	has_prev = has_prev && cni_version_compare(run.version, "0.4.0") >= 0;
	while (n--)
		run_one(&run, order[n], CNI_DEL, has_prev ? &prev : NULL, NULL, &none);
	result_free(&prev);
	close_run(&run);
}

void chain_del(const struct chain_call *c)
{
	_free_ char *name = cache_name(c), *draft = xasprintf(".%s.new", name);
	_cached_ struct cached cached = { 0 };

	/* Killed while it was written. */
	unlinkat(cache_dir(), draft, 0);
	if (!cache_get(name, &cached))
		return;
	del_cached(&cached, c->netns);
	if (unlinkat(cache_dir(), name, 0) && errno != ENOENT)
		die("remove cached result '%s'", name);
}

void chain_check(const struct chain_call *c)
{
	_free_ char *name = cache_name(c);
	_cached_ struct cached cached = { 0 };
	struct result prev = { 0 }, none = { 0 };
	const struct json *off;
	struct run run;

	if (!cache_get(name, &cached) || !cached_result(&cached, &prev))
		diex("'%s' has no cached result", name);
	cached.call.netns = c->netns;
	open_run(&run, &cached.call);
	off = json_get(run.list, "disableCheck");
	if (cni_version_compare(run.version, "0.4.0") >= 0 && !(off && off->type == JSON_TRUE)) {
		for (const struct json *p = plugins_of(&run); p; p = p->next)
			run_one(&run, p, CNI_CHECK, &prev, NULL, &none);
	}
	result_free(&prev);
	close_run(&run);
}

bool chain_result(const struct chain_call *c, struct result *r, struct buf *version)
{
	_free_ char *name = cache_name(c);
	_cached_ struct cached cached = { 0 };

	if (!cache_get(name, &cached) || !cached_result(&cached, r))
		return false;
	buf_adds(version, json_get_str(json_get(cached.j, "result"), "cniVersion") ?: "1.0.0");
	return true;
}

void chain_each_cached(chain_fn *fn, void *arg)
{
	_strv_ struct strv names = { 0 };

	names_of(cache_dir(), &names);
	for (size_t i = 0; i < names.n; i++) {
		_cached_ struct cached cached = { 0 };

		if (cache_get(names.v[i], &cached))
			fn(arg, &cached.call);
	}
}

static void note_valid(void *arg, const struct chain_call *c)
{
	struct json *lists = arg, *one = json_new(JSON_OBJECT);

	json_set(one, "containerID", json_new_str(c->id));
	json_set(one, "ifname", json_new_str(c->ifname));
	json_append(json_make(lists, c->net->name, JSON_ARRAY), one);
}

void chain_gc(const struct network *net)
{
	_json_ struct json *lists = json_new(JSON_OBJECT), *more = json_new(JSON_OBJECT);
	struct chain_call c = { .id = "", .ifname = "", .netns = "", .net = net };
	struct result none = { 0 };
	const struct json *off;
	struct run run;

	chain_each_cached(note_valid, lists);
	json_set(more, "cni.dev/valid-attachments",
		 json_copy(json_make(lists, net->name, JSON_ARRAY)));
	open_run(&run, &c);
	off = json_get(run.list, "disableGC");
	if (cni_version_compare(run.version, "1.1.0") >= 0 && !(off && off->type == JSON_TRUE)) {
		for (const struct json *p = plugins_of(&run); p; p = p->next)
			run_one(&run, p, CNI_GC, NULL, more, &none);
	}
	close_run(&run);
}
