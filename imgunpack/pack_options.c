#include <string.h>

#include "imgunpack/pack.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"

static struct pack_source *sources;
static size_t n_sources;
static const char *compress, *tag, *platform, *comment, *created_by, *author, *user, *workdir,
	*stop_signal;
static struct strv cmd, entrypoint, env, labels, ports, volumes;

static void add_source(enum pack_kind kind, const char *path)
{
	sources = xreallocarray(sources, n_sources + 1, sizeof(*sources));
	sources[n_sources++] = (struct pack_source){ kind, path };
}

static void add_dir(const char *path)
{
	add_source(PACK_DIR, path);
}

static void add_upper(const char *path)
{
	add_source(PACK_UPPER, path);
}

static void add_tar(const char *path)
{
	add_source(PACK_TAR, path);
}

const struct opt pack_opts[] = {
	{ 0, "author", OPT_STR, &author, "TEXT", "who made the image" },
	{ 0, "cmd", OPT_STRV, &cmd, "ARG",
	  "default argument; repeat, or give all as a JSON array" },
	{ 0, "comment", OPT_STR, &comment, "TEXT", "comment of the new history entries" },
	{ 0, "compress", OPT_STR, &compress, "KIND",
	  "gzip, zstd or none (the base image's, else gzip)" },
	{ 0, "created-by", OPT_STR, &created_by, "TEXT",
	  "command the history says made the layers" },
	{ 'e', "env", OPT_STRV, &env, "NAME=VALUE", "set an environment variable" },
	{ 0, "entrypoint", OPT_STRV, &entrypoint, "ARG",
	  "entrypoint; repeat, or give all as a JSON array" },
	{ 0, "expose", OPT_STRV, &ports, "PORT[/PROTO]", "note that the container listens there" },
	{ 'l', "label", OPT_STRV, &labels, "KEY=VALUE", "set a label" },
	{ 0, "layer", OPT_CALL, opt_fn(add_dir), "DIR", "add a layer: this directory" },
	{ 0, "platform", OPT_STR, &platform, "OS/ARCH",
	  "what a new image is for, which of several is the base" },
	{ 0, "stop-signal", OPT_STR, &stop_signal, "SIGNAL", "signal that stops the container" },
	{ 0, "tag", OPT_STR, &tag, "TAG", "give the result this tag and leave the base's alone" },
	{ 0, "tar", OPT_CALL, opt_fn(add_tar), "FILE",
	  "add a layer: this tar file; - is standard input" },
	{ 0, "upper", OPT_CALL, opt_fn(add_upper), "DIR",
	  "add a layer: an overlay's upper directory" },
	{ 'u', "user", OPT_STR, &user, "USER[:GROUP]", "user to run as" },
	{ 0, "volume", OPT_STRV, &volumes, "PATH", "declare a volume" },
	{ 'w', "workdir", OPT_STR, &workdir, "PATH", "working directory" },
	{ 0 },
};

const struct opt pack_layer_opts[] = {
	{ 0, "compress", OPT_STR, &compress, "KIND", "gzip, zstd or none (none)" },
	{ 0, "upper", OPT_CALL, opt_fn(add_upper), "DIR",
	  "an overlay's upper directory instead of DIR" },
	{ 0 },
};

const struct pack_source *pack_sources(size_t *n)
{
	*n = n_sources;
	return sources;
}

static enum codec last_codec(const struct pack *p)
{
	const struct json *layers = p ? json_get(p->manifest, "layers") : NULL;
	const char *type = layers && layers->last ? json_get_str(layers->last, "mediaType") : NULL;

	if (!type || str_ends(type, "gzip"))
		return CODEC_GZIP;
	return str_ends(type, "zstd") ? CODEC_ZSTD : CODEC_NONE;
}

enum codec pack_codec(const struct pack *p)
{
	if (!compress)
		return p ? last_codec(p) : CODEC_NONE;
	for (enum codec c = CODEC_NONE; c <= CODEC_ZSTD; c++)
		if (str_eq(compress, codec_name(c)))
			return c;
	opt_misuse("--compress is gzip, zstd or none, not '%s'", compress);
}

/* One argument an option, or a JSON array of them, as Dockerfiles have it. */
static struct json *arguments(const char *option, const struct strv *args)
{
	struct json *list = json_new(JSON_ARRAY);
	char why[JSON_WHY_MAX];

	if (args->n != 1 || args->v[0][0] != '[') {
		for (size_t i = 0; i < args->n; i++)
			json_append(list, json_new_str(args->v[i]));
		return list;
	}
	json_free(list);
	list = json_parse(args->v[0], strlen(args->v[0]), 0, why);
	if (!list || list->type != JSON_ARRAY)
		opt_misuse("--%s '%s' is no JSON array", option, args->v[0]);
	for (const struct json *j = list->child; j; j = j->next)
		if (j->type != JSON_STRING)
			opt_misuse("--%s '%s' is no array of strings", option, args->v[0]);
	return list;
}

static void set_text(struct json *run, const char *member, const char *value)
{
	if (value)
		json_set(run, member, json_new_str(value));
}

static void set_env(struct json *run)
{
	_strv_ struct strv all = { 0 };
	struct json *list = env.n ? json_make(run, "Env", JSON_ARRAY) : NULL;

	if (!list)
		return;
	for (const struct json *j = list->child; j; j = j->next)
		if (j->type == JSON_STRING)
			strv_add(&all, j->text);
	for (size_t i = 0; i < env.n; i++) {
		if (!strchr(env.v[i], '=') || env.v[i][0] == '=')
			opt_misuse("--env '%s' is no NAME=VALUE", env.v[i]);
		strv_setenv(&all, env.v[i]);
	}
	list = json_set(run, "Env", json_new(JSON_ARRAY));
	for (size_t i = 0; i < all.n; i++)
		json_append(list, json_new_str(all.v[i]));
}

static void set_labels(struct json *run)
{
	struct json *map = labels.n ? json_make(run, "Labels", JSON_OBJECT) : NULL;

	for (size_t i = 0; i < labels.n; i++) {
		char *equals = strchr(labels.v[i], '=');
		_free_ char *key = xmemdup0(labels.v[i], equals ? (size_t)(equals - labels.v[i])
								: strlen(labels.v[i]));

		if (!*key)
			opt_misuse("--label '%s' has no key", labels.v[i]);
		json_set(map, key, json_new_str(equals ? equals + 1 : ""));
	}
}

static void set_ports(struct json *run)
{
	struct json *map = ports.n ? json_make(run, "ExposedPorts", JSON_OBJECT) : NULL;

	for (size_t i = 0; i < ports.n; i++) {
		char *slash = strchr(ports.v[i], '/');
		_free_ char *number = xmemdup0(ports.v[i], slash ? (size_t)(slash - ports.v[i])
								 : strlen(ports.v[i]));
		_free_ char *key = xasprintf("%s/%s", number, slash ? slash + 1 : "tcp");
		uint64_t n;

		if (num_u64(number, 65535, &n) < 0 || !n ||
		    (slash && !str_eq(slash, "/tcp") && !str_eq(slash, "/udp") &&
		     !str_eq(slash, "/sctp")))
			opt_misuse("--expose '%s' is no PORT[/PROTO]", ports.v[i]);
		json_set(map, key, json_new(JSON_OBJECT));
	}
}

static void set_volumes(struct json *run)
{
	struct json *map = volumes.n ? json_make(run, "Volumes", JSON_OBJECT) : NULL;

	for (size_t i = 0; i < volumes.n; i++) {
		if (volumes.v[i][0] != '/')
			opt_misuse("--volume '%s' is no absolute path", volumes.v[i]);
		json_set(map, volumes.v[i], json_new(JSON_OBJECT));
	}
}

bool pack_configure(struct json *config)
{
	bool any = cmd.n || entrypoint.n || env.n || labels.n || ports.n || volumes.n || user ||
		   workdir || stop_signal || author;
	struct json *run = json_make(config, "config", JSON_OBJECT);

	if (workdir && *workdir != '/')
		opt_misuse("--workdir '%s' is no absolute path", workdir);
	if (stop_signal && proc_signal_number(stop_signal) < 0)
		opt_misuse("--stop-signal '%s' is no signal", stop_signal);
	if (entrypoint.n)
		json_set(run, "Entrypoint", arguments("entrypoint", &entrypoint));
	if (cmd.n)
		json_set(run, "Cmd", arguments("cmd", &cmd));
	set_env(run);
	set_labels(run);
	set_ports(run);
	set_volumes(run);
	set_text(run, "User", user);
	set_text(run, "WorkingDir", workdir);
	set_text(run, "StopSignal", stop_signal);
	set_text(config, "author", author);
	return any;
}

const char *pack_tag(void)
{
	return tag;
}

const char *pack_platform(void)
{
	return platform;
}

const char *pack_comment(void)
{
	return comment;
}

const char *pack_created_by(void)
{
	return created_by;
}

const char *pack_author(void)
{
	return author;
}
