/* A network's list of plugins, run as libcni runs it; what is needed for DEL is cached before
 * anything is made. */
#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/sys.h"
#include "netns/cni_cache.h"

enum { PLUGINS_MAX = 64 };

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

/* The list twice: as we spell it, and as it is written, which is what plugins of others get. */
struct run {
	const struct chain_call *c;
	struct json *list, *written;
	const struct json *plugins[PLUGINS_MAX], *plugins_written[PLUGINS_MAX];
	size_t n;
	const char *version;
	int netns_fd;
	bool lenient;
};

static void list_plugins(struct run *run)
{
	const struct json *a = json_get(run->list, "plugins");
	const struct json *b = json_get(run->written, "plugins");

	a = a ? a->child : NULL;
	b = b ? b->child : NULL;
	for (; a && b; a = a->next, b = b->next) {
		/* All that is added must be deleted, too. */
		if (run->n == PLUGINS_MAX)
			diex("network '%s': more than %d plugins", run->c->net->name, PLUGINS_MAX);
		run->plugins[run->n] = a;
		run->plugins_written[run->n++] = b;
	}
}

static void open_run(struct run *run, const struct chain_call *c)
{
	char why[JSON_WHY_MAX];

	*run = (struct run){ .c = c, .netns_fd = -1 };
	run->written = json_parse(c->net->text.data, c->net->text.len, JSON_LAST_WINS, why);
	if (!run->written)
		diex("network '%s': %s", c->net->name, why);
	cni_fold_members(run->written);
	run->list = json_copy(run->written);
	cni_fold(run->list);
	list_plugins(run);
	run->version = cni_version_of(run->list);
	if (!run->version)
		diex("network '%s': no version of CNI that is known here", c->net->name);
	if (c->netns && *c->netns)
		run->netns_fd = nsfile_open(c->netns);
}

static void close_run(struct run *run)
{
	json_free(run->list);
	json_free(run->written);
	close_fd(&run->netns_fd);
}

/* Where plugins of others are: what the caller says, or where distributions put them. Ours come
 * first, unless the caller has an order of his own. */
static const char *plugin_path(void)
{
	return sys_dir("CNI_PATH", "/usr/lib/cni:/opt/cni/bin");
}

/* What a runner adds to a plugin's own configuration. */
static struct json *request(const struct run *run, size_t i, const struct json *plugin,
			    const struct result *prev, const struct json *more)
{
	struct json *conf = json_copy(plugin);

	json_set(conf, "name", json_new_str(run->c->net->name));
	json_set(conf, "cniVersion", json_new_str(run->version));
	json_set(conf, "runtimeConfig", runtime_config(run->plugins[i], run->c->capabilities));
	if (prev)
		json_set(conf, "prevResult", result_json(run->version, prev));
	for (const struct json *m = more ? more->child : NULL; m; m = m->next)
		json_set(conf, m->key, json_copy(m));
	return conf;
}

/* The verb of the I-th plugin. */
static void run_one(struct run *run, size_t i, enum cni_verb verb, const struct result *prev,
		    const struct json *more, struct result *r)
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
			  .conf = request(run, i, run->plugins[i], prev, more),
			  .written = request(run, i, run->plugins_written[i], prev, more) };

	cni_open_conf(&c);
	if (!c.type || !str_is_name(c.type))
		diex("network '%s': a plugin without a type", run->c->net->name);
	cni_run(&c, c.type, r);
	result_free(&c.prev);
	json_free(c.conf);
	json_free(c.written);
}

void chain_add(const struct chain_call *c, struct result *r)
{
	struct run run;

	open_run(&run, c);
	cache_refuse_other(c);
	cache_put(c, run.version, NULL);
	for (size_t i = 0; i < run.n; i++) {
		const struct plugin *ours = plugin_find(json_get_str(run.plugins[i], "type") ?: "");
		struct result prev = *r;

		/* A plugin that goes on from the result starts with it; others make their own. */
		*r = (struct result){ 0 };
		if (ours && ours->chained)
			result_copy(r, &prev);
		run_one(&run, i, CNI_ADD, i ? &prev : NULL, NULL, r);
		result_free(&prev);
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
	struct result prev = { 0 }, none = { 0 };
	bool has_prev = cached_result(cached, &prev);
	struct run run;

	cached->call.netns = netns;
	open_run(&run, &cached->call);
	run.lenient = !has_prev;
	has_prev = has_prev && cni_version_compare(run.version, "0.4.0") >= 0;
	for (size_t i = run.n; i--;)
		run_one(&run, i, CNI_DEL, has_prev ? &prev : NULL, NULL, &none);
	result_free(&prev);
	close_run(&run);
}

void chain_del(const struct chain_call *c)
{
	_free_ char *name = cache_name(c), *draft = xasprintf(".%s.new", name);
	_cached_ struct cached cached = { 0 };

	/* Killed while it was written. */
	unlinkat(cache_dir(), draft, 0);
	if (!cache_get(c, &cached))
		return;
	del_cached(&cached, c->netns);
	if (unlinkat(cache_dir(), name, 0) && errno != ENOENT)
		die("remove cached result '%s'", name);
}

void chain_check(const struct chain_call *c)
{
	_cached_ struct cached cached = { 0 };
	struct result prev = { 0 }, none = { 0 };
	const struct json *off;
	struct run run;

	if (!cache_get(c, &cached) || !cached_result(&cached, &prev))
		diex("'%s' of '%s' has no cached result", c->ifname, c->id);
	cached.call.netns = c->netns;
	open_run(&run, &cached.call);
	off = json_get(run.list, "disableCheck");
	if (cni_version_compare(run.version, "0.4.0") >= 0 && !(off && off->type == JSON_TRUE)) {
		for (size_t i = 0; i < run.n; i++)
			run_one(&run, i, CNI_CHECK, &prev, NULL, &none);
	}
	result_free(&prev);
	close_run(&run);
}

bool chain_result(const struct chain_call *c, struct result *r, struct buf *version)
{
	_cached_ struct cached cached = { 0 };

	if (!cache_get(c, &cached) || !cached_result(&cached, r))
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
		char why[WHY_MAX];

		if (!cache_read(names.v[i], &cached, why))
			fn(arg, &cached.call);
		else if (*why)
			diex("cached result '%s': %s", names.v[i], why);
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
		for (size_t i = 0; i < run.n; i++)
			run_one(&run, i, CNI_GC, NULL, more, &none);
	}
	close_run(&run);
}
