#include <string.h>
#include <time.h>

#include "imgunpack/pack.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"

struct written {
	struct digest digest, diff_id;
	int64_t size;
};

void pack_open(struct pack *p, const char *name, bool make, struct layout_name *n)
{
	*p = (struct pack){ .layout_dirfd = -1, .created = -1 };
	if (layout_name_parse(name, n) < 0)
		die("image '%s'", name);
	p->layout_dirfd = make ? layout_open_new(n->dir) : layout_open(n->dir);
	if (p->layout_dirfd < 0)
		die("open image layout '%s'", n->dir);
	/* Until it is named, what we write looks like garbage. */
	if (layout_lock(p->layout_dirfd, false, false) < 0)
		die("lock '%s'", n->dir);
	p->tag = pack_tag() ? pack_tag() : n->tag;
}

static struct json *parse(const char *text)
{
	char why[JSON_WHY_MAX];
	struct json *j = json_parse(text, strlen(text), 0, why);

	if (!j)
		diex("read the image: %s", why);
	return j;
}

void pack_scratch(struct pack *p, const char *name)
{
	struct platform pl;

	if (!name)
		platform_host(&pl);
	else if (platform_parse(name, &pl) < 0)
		opt_misuse("--platform '%s' is no OS/ARCH[/VARIANT]", name);
	p->manifest = parse("{\"layers\":[]}");
	p->config = json_new(JSON_OBJECT);
	json_set(p->config, "architecture", json_new_str(pl.architecture));
	json_set(p->config, "os", json_new_str(pl.os));
	if (*pl.variant)
		json_set(p->config, "variant", json_new_str(pl.variant));
	json_make(p->config, "config", JSON_OBJECT);
	json_set(p->config, "rootfs", parse("{\"type\":\"layers\",\"diff_ids\":[]}"));
	json_make(p->config, "history", JSON_ARRAY);
	p->created = 0;
	p->has_history = true;
}

void pack_base(struct pack *p, const struct layout_name *n)
{
	char why[LAYOUT_WHY_MAX];
	struct layout_image i;
	struct platform want;

	if (pack_platform() && platform_parse(pack_platform(), &want) < 0)
		opt_misuse("--platform '%s' is no OS/ARCH[/VARIANT]", pack_platform());
	if (layout_load(p->layout_dirfd, n, pack_platform() ? &want : NULL, &i, why) < 0)
		diex("%s", why);
	p->manifest = parse(buf_str(&i.manifest_json));
	p->config = parse(buf_str(&i.config_json));
	/* A history that does not account for the base's layers must not begin with ours. */
	p->has_history = i.config.n_history || !i.manifest.n_layers;
	layout_image_free(&i);
}

/* Whatever dies while a layer is written, its temporary goes. */
static struct blob *unfinished;
static const char *scratch;
static int scratch_dirfd;

static void abandon(void)
{
	if (unfinished)
		blob_abandon(unfinished);
	if (scratch)
		(void)!path_remove_tree(scratch_dirfd, scratch);
}

void pack_abandon_dir(int layout_dirfd, const char *name)
{
	scratch_dirfd = layout_dirfd;
	scratch = name;
	die_cleanup(abandon);
}

static int put_blob(void *blob, const void *data, size_t len)
{
	return blob_append(blob, data, len);
}

static int64_t write_layer(struct pack *p, const struct pack_source *source, enum codec codec,
			   struct written *w)
{
	struct blob b = BLOB_INIT;

	if (blob_create(&b, p->layout_dirfd) < 0)
		die("make a blob");
	unfinished = &b;
	die_cleanup(abandon);

	struct sink *s = sink_open(codec, put_blob, &b, &b.hash);
	int64_t newest = pack_write(s, source);

	if (sink_close(s, &w->diff_id) < 0)
		die("write a layer");
	w->size = b.bytes;
	unfinished = NULL;
	if (blob_commit(&b, NULL, -1, &w->digest) < 0)
		die("store a layer");
	return newest;
}

static struct json *descriptor(const char *type, const struct digest *d, int64_t size)
{
	struct json *j = json_new(JSON_OBJECT);

	json_set(j, "mediaType", json_new_str(type));
	json_set(j, "digest", json_new_str(d->text));
	json_set(j, "size", json_new_int(size));
	return j;
}

static struct json *time_text(int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	char text[40];

	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_new_str("1970-01-01T00:00:00Z");
	return json_new_str(text);
}

static void add_history(struct pack *p, bool empty_layer)
{
	struct json *h;

	if (!p->has_history)
		return;
	h = json_append(json_make(p->config, "history", JSON_ARRAY), json_new(JSON_OBJECT));
	json_set(h, "created", time_text(p->created < 0 ? 0 : p->created));
	if (pack_edits.author)
		json_set(h, "author", json_new_str(pack_edits.author));
	json_set(h, "created_by",
		 json_new_str(pack_created_by() ? pack_created_by() : die_get_name()));
	if (pack_comment())
		json_set(h, "comment", json_new_str(pack_comment()));
	if (empty_layer)
		json_set(h, "empty_layer", json_new_bool(true));
}

void pack_layer(struct pack *p, const struct pack_source *source, enum codec codec)
{
	static const char *const types[] = { IMAGE_TYPE_LAYER, IMAGE_TYPE_LAYER_GZIP,
					     IMAGE_TYPE_LAYER_ZSTD };
	struct written w;
	int64_t newest = write_layer(p, source, codec, &w);

	if (newest > p->created)
		p->created = newest;
	json_append(json_make(p->manifest, "layers", JSON_ARRAY),
		    descriptor(types[codec], &w.digest, w.size));
	json_append(json_make(json_make(p->config, "rootfs", JSON_OBJECT), "diff_ids", JSON_ARRAY),
		    json_new_str(w.diff_id.text));
	add_history(p, false);
}

/* Docker's and OCI's types of layers are the same things; a manifest of ours has OCI's. */
static void convert_types(struct json *layers)
{
	static const char *const pairs[][2] = {
		{ IMAGE_TYPE_DOCKER_LAYER, IMAGE_TYPE_LAYER },
		{ IMAGE_TYPE_DOCKER_LAYER_GZIP, IMAGE_TYPE_LAYER_GZIP },
		{ IMAGE_TYPE_DOCKER_LAYER ".zstd", IMAGE_TYPE_LAYER_ZSTD },
	};

	for (struct json *l = layers->child; l; l = l->next) {
		const char *type = json_get_str(l, "mediaType");

		for (size_t i = 0; type && i < ARRAY_LEN(pairs); i++)
			if (str_eq(type, pairs[i][0])) {
				json_set(l, "mediaType", json_new_str(pairs[i][1]));
				break;
			}
	}
}

static struct digest put_json(struct pack *p, const struct json *j, int64_t *size)
{
	_buf_ struct buf text = { 0 };
	struct emit e = { .out = &text };
	struct digest d;

	emit_json(&e, NULL, j);
	*size = (int64_t)text.len;
	if (text.len > IMAGE_JSON_MAX)
		diex("write the image: its description is larger than 4 MiB");
	if (blob_put(p->layout_dirfd, text.data, text.len, &d) < 0)
		die("write the image");
	return d;
}

static struct digest put_manifest(struct pack *p, int64_t *size)
{
	struct json *m = json_new(JSON_OBJECT),
		    *layers = json_copy(json_make(p->manifest, "layers", JSON_ARRAY));
	struct digest config = put_json(p, p->config, size), d;

	convert_types(layers);
	json_set(m, "schemaVersion", json_new_int(2));
	json_set(m, "mediaType", json_new_str(IMAGE_TYPE_MANIFEST));
	json_set(m, "config", descriptor(IMAGE_TYPE_CONFIG, &config, *size));
	json_set(m, "layers", layers);
	d = put_json(p, m, size);
	json_free(m);
	return d;
}

static void put_entry(struct pack *p, const struct digest *manifest, int64_t size)
{
	char why[LAYOUT_WHY_MAX];
	struct platform pl;
	struct layout_entry e = {
		.media_type = IMAGE_TYPE_MANIFEST,
		.digest = manifest,
		.size = size,
		.platform = &pl,
		.tag = p->tag,
	};

	platform_set(&pl, json_get_str(p->config, "os"), json_get_str(p->config, "architecture"),
		     json_get_str(p->config, "variant"));
	if (layout_put(p->layout_dirfd, &e, why) < 0)
		diex("%s", why);
}

/* Steps that made layers stay in the history, as steps that made none. */
void pack_forget_layers(struct pack *p)
{
	struct json *history = json_make(p->config, "history", JSON_ARRAY);

	json_set(p->manifest, "layers", json_new(JSON_ARRAY));
	json_set(json_make(p->config, "rootfs", JSON_OBJECT), "diff_ids", json_new(JSON_ARRAY));
	for (struct json *h = history->child; h; h = h->next)
		if (h->type == JSON_OBJECT)
			json_set(h, "empty_layer", json_new_bool(true));
}

void pack_put(struct pack *p)
{
	int64_t size, epoch = pack_epoch();
	struct digest d;

	if (epoch != INT64_MAX)
		p->created = epoch;
	if (p->created >= 0)
		json_set(p->config, "created", time_text(p->created));
	d = put_manifest(p, &size);
	put_entry(p, &d, size);
	if (io_puts(1, d.text) < 0 || io_puts(1, "\n") < 0)
		die("write the digest");
	json_free(p->config);
	json_free(p->manifest);
}

void pack_finish(struct pack *p)
{
	size_t n;
	const struct pack_source *sources = pack_sources(&n);
	bool configured = pack_configure(
		p->config); /* before anything is written: it checks the options */

	for (size_t i = 0; i < n; i++)
		pack_layer(p, &sources[i], pack_codec(p));
	if (pack_epoch() != INT64_MAX)
		p->created = pack_epoch();
	if (!n && configured)
		add_history(p, true);
	pack_put(p);
}
