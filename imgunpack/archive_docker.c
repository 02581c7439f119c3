#include "imgunpack/archive_docker.h"
#include "lib/codec.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/layout.h"
#include "lib/str.h"

/* Every tag writes the index anew, and a layer is looked up in all members. */
enum { IMAGES_MAX = 1000, LAYERS_MAX = 500, TAGS_MAX = 200 };

static void check_count(const struct archive *a, const struct json *list, int max, const char *what)
{
	int n = 0;

	for (const struct json *j = list ? list->child : NULL; j; j = j->next)
		if (n++ == max)
			diex("read '%s': manifest.json: more than %d %s", a->path, max, what);
}

static const struct archive_member *member(const struct archive *a, const struct json *j,
					   const char *what)
{
	const char *name = j && j->type == JSON_STRING ? j->text : NULL;
	const struct archive_member *m = name ? archive_find(a, name) : NULL;

	if (!m)
		diex("read '%s': manifest.json: %s '%s' is not in the archive", a->path, what,
		     name ? name : "");
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

/* Which layer is which DiffID's is a matter of position; unpacking verifies it. */
static void make_image(const struct archive *a, const struct json *image,
		       struct archive_images *out)
{
	const struct json *layers = json_get(image, "Layers"), *tags = json_get(image, "RepoTags");
	_buf_ struct buf text = { 0 };
	struct emit e = { .out = &text };
	struct digest d;

	check_count(a, layers, LAYERS_MAX, "layers");
	check_count(a, tags, TAGS_MAX, "tags");
	emit_object(&e, NULL);
	emit_int(&e, "schemaVersion", 2);
	emit_str(&e, "mediaType", IMAGE_TYPE_MANIFEST);
	put_descriptor(&e, "config", IMAGE_TYPE_CONFIG,
		       member(a, json_get(image, "Config"), "config"));
	emit_array(&e, "layers");
	for (const struct json *l = layers ? layers->child : NULL; l; l = l->next) {
		const struct archive_member *m = member(a, l, "layer");

		put_descriptor(&e, NULL, layer_type(m), m);
	}
	emit_end(&e);
	emit_end(&e);
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
	char why[JSON_WHY_MAX];
	_json_ struct json *list = json_parse(buf_str(&a->manifest), a->manifest.len, 0, why);

	if (!list || list->type != JSON_ARRAY)
		diex("read '%s': manifest.json: %s", a->path, list ? "no array" : why);
	check_count(a, list, IMAGES_MAX, "images");
	for (const struct json *image = list->child; image; image = image->next)
		make_image(a, image, out);
}
