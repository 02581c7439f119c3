#include <string.h>

#include "imgunpack/docs.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/str.h"

bool doc_is_index(const struct doc *d)
{
	enum image_kind kind = d->media_type ? image_kind(d->media_type)
					     : image_sniff(buf_str(&d->json), d->json.len);

	return kind == IMAGE_INDEX;
}

void doc_free(struct doc *d)
{
	free(d->media_type);
	buf_free(&d->json);
	memset(d, 0, sizeof(*d));
}

static int add_manifest(struct docs *l, struct doc *d, char why[IMAGE_WHY_MAX])
{
	struct image_manifest *m;

	l->manifests = xreallocarray(l->manifests, l->n_manifests + 1, sizeof(*l->manifests));
	m = &l->manifests[l->n_manifests];
	if (image_manifest_parse(buf_str(&d->json), d->json.len, d->media_type, m, why))
		return -1;
	l->n_manifests++;
	if (!d->media_type)
		d->media_type = xstrdup(m->mediaType ? m->mediaType : IMAGE_TYPE_MANIFEST);
	return 0;
}

int docs_add(struct docs *l, struct doc *d, char why[IMAGE_WHY_MAX])
{
	if (!doc_is_index(d) && add_manifest(l, d, why))
		return -1;
	if (!d->media_type)
		d->media_type = xstrdup(IMAGE_TYPE_INDEX);
	l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = *d;
	memset(d, 0, sizeof(*d));
	return 0;
}

bool docs_has(const struct docs *l, const struct digest *d)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i].digest.text, d->text))
			return true;
	return false;
}

bool docs_can_follow(const struct image_descriptor *d)
{
	enum image_kind kind = image_kind(d->mediaType);

	return !d->mediaType || kind == IMAGE_INDEX || kind == IMAGE_MANIFEST;
}

const struct doc *docs_top(const struct docs *l)
{
	return &l->v[l->n - 1];
}

void docs_free(struct docs *l)
{
	for (size_t i = 0; i < l->n; i++)
		doc_free(&l->v[i]);
	for (size_t i = 0; i < l->n_manifests; i++)
		image_manifest_free(&l->manifests[i]);
	free(l->v);
	free(l->manifests);
	memset(l, 0, sizeof(*l));
}

static void load(int layout_dirfd, const struct image_descriptor *d, int depth, struct docs *l)
{
	struct doc doc = { .digest = d->id };
	char why[IMAGE_WHY_MAX];
	struct image_index index;

	if (l->n >= DOCS_MAX || depth > IMAGE_NESTING_MAX)
		diex("image '%s': more manifests than anybody could want", d->digest);
	xblob_read(layout_dirfd, &d->id, d->size, IMAGE_JSON_MAX, &doc.json);
	doc.media_type = d->mediaType ? xstrdup(d->mediaType) : NULL;
	if (doc_is_index(&doc)) {
		if (image_index_parse(buf_str(&doc.json), doc.json.len, doc.media_type, &index,
				      why))
			diex("index '%s': %s", d->digest, why);
		for (size_t i = 0; i < index.n_manifests; i++)
			if (docs_can_follow(&index.manifests[i]) &&
			    !docs_has(l, &index.manifests[i].id))
				load(layout_dirfd, &index.manifests[i], depth + 1, l);
		image_index_free(&index);
	}
	if (docs_add(l, &doc, why))
		diex("manifest '%s': %s", d->digest, why);
}

void xdocs_load_from(int layout_dirfd, const struct image_descriptor *d, struct docs *out)
{
	memset(out, 0, sizeof(*out));
	load(layout_dirfd, d, 0, out);
}

void xdocs_load(int layout_dirfd, const struct layout_name *name, struct docs *out)
{
	const struct image_descriptor *d;
	char why[LAYOUT_WHY_MAX];
	struct image_index index;
	struct platform host;

	platform_host(&host);
	if (layout_read_index(layout_dirfd, &index, why))
		diex("%s", why);
	d = layout_find(&index, name, &host, why);
	if (!d)
		diex("%s", why);
	xdocs_load_from(layout_dirfd, d, out);
	image_index_free(&index);
}

void xdocs_store(int layout_dirfd, const struct docs *l)
{
	struct digest stored;

	for (size_t i = 0; i < l->n; i++) {
		const struct doc *d = &l->v[i];

		if (blob_size(layout_dirfd, &d->digest) != (int64_t)d->json.len &&
		    blob_put(layout_dirfd, buf_str(&d->json), d->json.len, &stored))
			die("write manifest '%s'", d->digest.text);
	}
}
