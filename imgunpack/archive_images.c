#include "imgunpack/archive.h"
#include "imgunpack/archive_docker.h"
#include "lib/die.h"
#include "lib/layout.h"
#include "lib/mem.h"

void archive_images_add(struct archive_images *l, const char *name, const char *media_type,
			const struct digest *d, int64_t size)
{
	l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = (struct archive_image){
		.name = name ? xstrdup(name) : NULL,
		.media_type = xstrdup(media_type),
		.digest = *d,
		.size = size,
	};
}

void archive_images_free(struct archive_images *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].media_type);
	}
	free(l->v);
	*l = (struct archive_images){ 0 };
}

void archive_put(const char *path, int layout_dirfd, const struct archive_images *l)
{
	char why[LAYOUT_WHY_MAX];

	for (size_t i = 0; i < l->n; i++) {
		struct layout_entry e = { .media_type = l->v[i].media_type,
					  .digest = &l->v[i].digest,
					  .size = l->v[i].size,
					  .tag = l->v[i].name };

		if (layout_put(layout_dirfd, &e, why) < 0)
			diex("read '%s': %s", path, why);
	}
}

/* docker and containerd keep the name in an annotation of their own and the tag alone in ours. */
static const char *name_of(const struct image_descriptor *d)
{
	const char *full = decode_map_get(&d->annotations, "io.containerd.image.name");

	return full && *full ? full : layout_entry_name(d);
}

void archive_oci(const struct archive *a, struct archive_images *out)
{
	char why[IMAGE_WHY_MAX];
	struct image_index index;

	if (image_index_parse(buf_str(&a->index), a->index.len, NULL, &index, why))
		diex("read '%s': index.json: %s", a->path, why);
	for (size_t i = 0; i < index.n_manifests; i++) {
		const struct image_descriptor *d = &index.manifests[i];

		if (!*d->id.text)
			diex("read '%s': index.json: '%s': unsupported digest algorithm", a->path,
			     d->digest);
		archive_images_add(out, name_of(d),
				   d->mediaType ? d->mediaType : IMAGE_TYPE_MANIFEST, &d->id,
				   d->size);
	}
	image_index_free(&index);
}
