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

static const struct archive_member *member(const struct archive *a, const struct json *j,
					   const char *what, char why[ARCHIVE_WHY_MAX])
{
	const char *name = j && j->type == JSON_STRING ? j->text : NULL;
	const struct archive_member *m = name ? archive_find(a, name) : NULL;

	if (!m)
		refuse(why, "%s '%.200s' is not in the archive", what, name ? name : "");
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
int archive_docker_manifest(const struct archive *a, const struct json *image, struct buf *out,
			    char why[ARCHIVE_WHY_MAX])
{
	const struct json *layers = json_get(image, "Layers");
	const struct archive_member *m = member(a, json_get(image, "Config"), "config", why);
	struct emit e = { .out = out };

	if (!m || check_count(layers, LAYERS_MAX, "layers", why))
		return -1;
	emit_object(&e, NULL);
	emit_int(&e, "schemaVersion", 2);
	emit_str(&e, "mediaType", IMAGE_TYPE_MANIFEST);
	put_descriptor(&e, "config", IMAGE_TYPE_CONFIG, m);
	emit_array(&e, "layers");
	for (const struct json *l = layers ? layers->child : NULL; l; l = l->next) {
		m = member(a, l, "layer", why);
		if (!m)
			return -1;
		put_descriptor(&e, NULL, layer_type(m), m);
	}
	emit_end(&e);
	emit_end(&e);
	return 0;
}

static void make_image(const struct archive *a, const struct json *image,
		       struct archive_images *out)
{
	const struct json *tags = json_get(image, "RepoTags");
	char why[ARCHIVE_WHY_MAX];
	_buf_ struct buf text = { 0 };
	struct digest d;

	if (check_count(tags, TAGS_MAX, "tags", why) ||
	    archive_docker_manifest(a, image, &text, why))
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
