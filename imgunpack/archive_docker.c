#include <stdarg.h>
#include <stdio.h>

#include "imgunpack/archive_docker.h"
#include "lib/codec.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/layout.h"
#include "lib/str.h"

/* Every tag writes the index anew, and a layer is looked up in all members. */
enum { IMAGES_MAX = 1000, LAYERS_MAX = 500, TAGS_MAX = 200 };

static int refuse(char why[ARCHIVE_WHY_MAX], const char *fmt, ...) _printf_(2, 3);

static int refuse(char why[ARCHIVE_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, ARCHIVE_WHY_MAX, fmt, ap);
	va_end(ap);
	return set_errno(EINVAL);
}

static int check_count(const struct json *list, size_t max, const char *what,
		       char why[ARCHIVE_WHY_MAX])
{
	return json_count(list) > max ? refuse(why, "more than %zu %s", max, what) : 0;
}

static struct archive_member *member(const struct archive *a, const struct json *j,
				     const char *what, char why[ARCHIVE_WHY_MAX])
{
	const char *name = j && j->type == JSON_STRING ? j->text : NULL;
	struct archive_member *m = name ? archive_find(a, name) : NULL;

	if (!m)
		refuse(why, "%s '%.200s' is not in the archive", what, name ? name : "");
	return m;
}

static const struct archive_member *find_config(const struct archive *a, const struct json *image,
						char why[ARCHIVE_WHY_MAX])
{
	const struct archive_member *m = member(a, json_get(image, "Config"), "config", why);

	if (m && m->size > IMAGE_JSON_MAX) {
		refuse(why, "config '%.200s' is larger than 4 MiB", m->name);
		return NULL;
	}
	return m;
}

static void put_descriptor(struct emit *e, const char *key, const char *type,
			   const struct archive_member *m)
{
	emit_object(e, key);
	emit_str(e, "mediaType", type);
	emit_str(e, "digest", m->digest.text);
	emit_int(e, "size", m->size);
	emit_end(e);
}

static const char *layer_type(const struct archive_member *m)
{
	switch (codec_sniff(m->head, (size_t)(m->size < 4 ? m->size : 4))) {
	case CODEC_GZIP:
		return IMAGE_TYPE_LAYER_GZIP;
	case CODEC_ZSTD:
		return IMAGE_TYPE_LAYER_ZSTD;
	default:
		return IMAGE_TYPE_LAYER;
	}
}

/* What is in place and has told no digest is a plain tar, whose digest is its DiffID. */
static int take_diff_id(const struct archive *a, struct archive_member *m,
			const struct json *diff_id, char why[ARCHIVE_WHY_MAX])
{
	struct digest d;

	if (!m->wants_diff_id)
		return 0;
	if (!diff_id || diff_id->type != JSON_STRING || digest_parse(diff_id->text, &d))
		return refuse(why, "layer '%.200s' has no diff_id", m->name);
	if (*m->digest.text && !str_eq(m->digest.text, d.text))
		return refuse(why, "layer '%.200s' has two diff_ids", m->name);
	if (*m->digest.text)
		return 0;
	m->digest = d;
	archive_part_add(a, m);
	return 0;
}

static int put_layers(const struct archive *a, const struct json *layers,
		      const struct json *diff_ids, struct emit *e, char why[ARCHIVE_WHY_MAX])
{
	const struct json *diff_id = diff_ids ? diff_ids->child : NULL;
	struct archive_member *m;

	for (const struct json *l = layers ? layers->child : NULL; l; l = l->next) {
		m = member(a, l, "layer", why);
		if (!m || take_diff_id(a, m, diff_id, why))
			return -1;
		put_descriptor(e, NULL, layer_type(m), m);
		diff_id = diff_id ? diff_id->next : NULL;
	}
	return 0;
}

/* Which layer is which DiffID's is a matter of position; unpacking verifies it. */
int archive_docker_manifest(const struct archive *a, const struct json *image,
			    const struct json *config, struct buf *out, char why[ARCHIVE_WHY_MAX])
{
	const struct json *layers = json_get(image, "Layers");
	const struct archive_member *m = find_config(a, image, why);
	struct emit e = { .out = out };

	if (!m || check_count(layers, LAYERS_MAX, "layers", why))
		return -1;
	emit_object(&e, NULL);
	emit_int(&e, "schemaVersion", 2);
	emit_str(&e, "mediaType", IMAGE_TYPE_MANIFEST);
	put_descriptor(&e, "config", IMAGE_TYPE_CONFIG, m);
	emit_array(&e, "layers");
	if (put_layers(a, layers, json_get(json_get(config, "rootfs"), "diff_ids"), &e, why))
		return -1;
	emit_end(&e);
	emit_end(&e);
	return 0;
}

/* Dies. */
static struct json *read_config(const struct archive *a, const struct json *image)
{
	char why[ARCHIVE_WHY_MAX], reason[JSON_WHY_MAX];
	const struct archive_member *m = find_config(a, image, why);
	_buf_ struct buf text = { 0 };
	struct json *config;

	if (!m)
		diex("read '%s': manifest.json: %s", a->path, why);
	xblob_read(a->layout_dirfd, &m->digest, m->size, IMAGE_JSON_MAX, &text);
	config = json_parse(buf_str(&text), text.len, 0, reason);
	if (!config)
		diex("read '%s': config '%s': %s", a->path, m->name, reason);
	return config;
}

static void make_image(const struct archive *a, const struct json *image,
		       struct archive_images *out)
{
	const struct json *tags = json_get(image, "RepoTags");
	_json_ struct json *config = read_config(a, image);
	char why[ARCHIVE_WHY_MAX];
	_buf_ struct buf text = { 0 };
	struct digest d;

	if (check_count(tags, TAGS_MAX, "tags", why) ||
	    archive_docker_manifest(a, image, config, &text, why))
		diex("read '%s': manifest.json: %s", a->path, why);
	if (blob_put(a->layout_dirfd, text.data, text.len, &d) < 0)
		die("read '%s'", a->path);

	if (!tags || !tags->child)
		archive_images_add(out, NULL, IMAGE_TYPE_MANIFEST, &d, (int64_t)text.len);
	for (const struct json *t = tags ? tags->child : NULL; t; t = t->next)
		archive_images_add(out, t->type == JSON_STRING ? t->text : NULL,
				   IMAGE_TYPE_MANIFEST, &d, (int64_t)text.len);
}

void archive_docker(const struct archive *a, struct archive_images *out)
{
	char why[JSON_WHY_MAX], many[ARCHIVE_WHY_MAX];
	_json_ struct json *list = json_parse(buf_str(&a->manifest), a->manifest.len, 0, why);

	if (!list || list->type != JSON_ARRAY)
		diex("read '%s': manifest.json: %s", a->path, list ? "no array" : why);
	if (check_count(list, IMAGES_MAX, "images", many))
		diex("read '%s': manifest.json: %s", a->path, many);
	for (const struct json *image = list->child; image; image = image->next)
		make_image(a, image, out);
}
