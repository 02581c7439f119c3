#include <string.h>

#include "imgunpack/pack.h"
#include "lib/die.h"
#include "lib/mem.h"

static struct pack_source *sources;
static size_t n_sources;
static const char *compress, *tag, *platform, *comment, *created_by;

/* --since and --merged are about the directory that follows, the flags about all. */
static const char *since, *merged;
static bool content, root, pretend;

static void add_source(enum pack_kind kind, const char *path, const char *beside)
{
	sources = xreallocarray(sources, n_sources + 1, sizeof(*sources));
	sources[n_sources++] = (struct pack_source){ .kind = kind, .path = path, .beside = beside };
}

static void add_dir(const char *path)
{
	add_source(since ? PACK_SINCE : PACK_DIR, path, since);
	since = NULL;
}

static void add_upper(const char *path)
{
	add_source(PACK_UPPER, path, merged);
	merged = NULL;
}

static void add_tar(const char *path)
{
	add_source(PACK_TAR, path, NULL);
}

#define edit pack_edits
const struct opt pack_opts[] = {
	{ 0, "author", OPT_STR, &edit.author, "TEXT", "who made the image" },
	{ 0, "clear", OPT_STRV, &edit.clear, "WHAT",
	  "forget cmd, entrypoint, env, expose, health, label, onbuild, shell, stop-signal, user, "
	  "volume or workdir" },
	{ 0, "cmd", OPT_STRV, &edit.cmd, "ARG",
	  "default argument; repeat, or give all as a JSON array" },
	{ 0, "comment", OPT_STR, &comment, "TEXT", "comment of the new history entries" },
	{ 0, "compress", OPT_STR, &compress, "KIND",
	  "gzip, zstd or none (the base image's, else gzip)" },
	{ 0, "content", OPT_FLAG, &content, NULL,
	  "with --since, read files that look the same, too" },
	{ 0, "created-by", OPT_STR, &created_by, "TEXT",
	  "command the history says made the layers" },
	{ 'e', "env", OPT_STRV, &edit.env, "NAME=VALUE", "set an environment variable" },
	{ 0, "entrypoint", OPT_STRV, &edit.entrypoint, "ARG",
	  "entrypoint; repeat, or give all as a JSON array" },
	{ 0, "expose", OPT_STRV, &edit.ports, "PORT[/PROTO]",
	  "note that the container listens there" },
	{ 0, "health-cmd", OPT_STR, &edit.health_cmd, "COMMAND",
	  "how to see whether it works: for a shell, or a JSON array" },
	{ 0, "health-interval", OPT_STR, &edit.health_interval, "TIME", "how often" },
	{ 0, "health-retries", OPT_STR, &edit.health_retries, "N", "how many failures count" },
	{ 0, "health-start-period", OPT_STR, &edit.health_start, "TIME",
	  "how long it may take to start" },
	{ 0, "health-timeout", OPT_STR, &edit.health_timeout, "TIME", "how long a check may take" },
	{ 'l', "label", OPT_STRV, &edit.labels, "KEY=VALUE", "set a label" },
	{ 0, "layer", OPT_CALL, opt_fn(add_dir), "DIR", "add a layer: this directory" },
	{ 0, "merged", OPT_STR, &merged, "DIR",
	  "where the overlay of the next --upper is mounted: for what was renamed" },
	{ 0, "no-healthcheck", OPT_FLAG, &edit.no_health, NULL, "never check whether it works" },
	{ 0, "onbuild", OPT_STRV, &edit.onbuild, "STEP", "add a step for builds on top" },
	{ 0, "platform", OPT_STR, &platform, "OS/ARCH",
	  "what a new image is for, which of several is the base" },
	{ 0, "root", OPT_FLAG, &root, NULL, "describe the top directory itself, too" },
	{ 0, "rootless", OPT_FLAG, &pretend, NULL,
	  "owners are those imgunpack has noted for who is not root" },
	{ 0, "shell", OPT_STR, &edit.shell, "JSON", "the shell of builds, a JSON array" },
	{ 0, "since", OPT_STR, &since, "DIR",
	  "of the next --layer, add only what differs from DIR" },
	{ 0, "stop-signal", OPT_STR, &edit.stop_signal, "SIGNAL",
	  "signal that stops the container" },
	{ 0, "tag", OPT_STR, &tag, "TAG", "give the result this tag and leave the base's alone" },
	{ 0, "tar", OPT_CALL, opt_fn(add_tar), "FILE",
	  "add a layer: this tar file; - is standard input" },
	{ 0, "upper", OPT_CALL, opt_fn(add_upper), "DIR",
	  "add a layer: an overlay's upper directory" },
	{ 'u', "user", OPT_STR, &edit.user, "USER[:GROUP]", "user to run as" },
	{ 0, "volume", OPT_STRV, &edit.volumes, "PATH", "declare a volume" },
	{ 'w', "workdir", OPT_STR, &edit.workdir, "PATH", "working directory" },
	{ 0 },
};
#undef edit

const struct opt pack_layer_opts[] = {
	{ 0, "compress", OPT_STR, &compress, "KIND", "gzip, zstd or none (none)" },
	{ 0, "content", OPT_FLAG, &content, NULL,
	  "with --since, read files that look the same, too" },
	{ 0, "merged", OPT_STR, &merged, "DIR",
	  "where the overlay of the next --upper is mounted: for what was renamed" },
	{ 0, "root", OPT_FLAG, &root, NULL, "describe the top directory itself, too" },
	{ 0, "rootless", OPT_FLAG, &pretend, NULL,
	  "owners are those imgunpack has noted for who is not root" },
	{ 0, "since", OPT_STR, &since, "DIR", "only what differs from DIR" },
	{ 0, "upper", OPT_CALL, opt_fn(add_upper), "DIR",
	  "an overlay's upper directory instead of DIR" },
	{ 0 },
};

const struct opt pack_squash_opts[] = {
	{ 0, "comment", OPT_STR, &comment, "TEXT", "comment of the new history entry" },
	{ 0, "compress", OPT_STR, &compress, "KIND", "gzip, zstd or none (the last layer's)" },
	{ 0, "created-by", OPT_STR, &created_by, "TEXT",
	  "command the history says made the layer" },
	{ 0, "platform", OPT_STR, &platform, "OS/ARCH", "which of several" },
	{ 0, "tag", OPT_STR, &tag, "TAG", "give the result this tag and leave the image's alone" },
	{ 0 },
};

void pack_take_dir(const char *path)
{
	add_dir(path);
}

const struct pack_source *pack_sources(size_t *n)
{
	if (since)
		opt_misuse("--since '%s' has no --layer behind it", since);
	if (merged)
		opt_misuse("--merged '%s' has no --upper behind it", merged);
	for (size_t i = 0; i < n_sources; i++) {
		sources[i].content = content;
		sources[i].root = root;
		sources[i].pretend = pretend;
	}
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
