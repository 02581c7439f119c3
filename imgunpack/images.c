#include "imgunpack/imgctl.h"
#include "imgunpack/map.h"
#include "imgunpack/store.h"
#include "lib/die.h"
#include "lib/mem.h"

struct walk {
	int dirfd;
	ctl_image_fn *found;
	void *ctx;
	struct map seen; /* documents, by depth: an index may list one as often as it likes */
};

static void visit(struct walk *w, const struct image_descriptor *d, int depth);

static void visit_index(struct walk *w, const struct buf *b, const char *type, int depth)
{
	char why[IMAGE_WHY_MAX];
	struct image_index index;

	if (image_index_parse(buf_str(b), b->len, type, &index, why))
		return;
	for (size_t i = 0; i < index.n_manifests; i++)
		visit(w, &index.manifests[i], depth + 1);
	image_index_free(&index);
}

static void visit_manifest(struct walk *w, const struct buf *b, const char *type)
{
	char why[IMAGE_WHY_MAX];
	struct image_manifest m;
	struct image_config c;
	_buf_ struct buf config = { 0 };

	if (image_manifest_parse(buf_str(b), b->len, type, &m, why))
		return;
	if (!blob_read(w->dirfd, &m.config->id, m.config->size, IMAGE_JSON_MAX, &config) &&
	    !image_config_parse(buf_str(&config), config.len, &c, why)) {
		if (!image_check(&m, &c, why))
			w->found(w->ctx, &m, &c);
		image_config_free(&c);
	}
	image_manifest_free(&m);
}

static void visit(struct walk *w, const struct image_descriptor *d, int depth)
{
	_buf_ struct buf b = { 0 };

	if (!*d->id.text || depth > IMAGE_NESTING_MAX ||
	    map_get(&w->seen, map_key((uint64_t)depth, d->id.text)) ||
	    blob_read(w->dirfd, &d->id, d->size, IMAGE_JSON_MAX, &b))
		return;
	map_put(&w->seen, map_key((uint64_t)depth, d->id.text), 1);
	if (image_kind(d->mediaType) == IMAGE_INDEX)
		visit_index(w, &b, d->mediaType, depth);
	else if (image_kind(d->mediaType) == IMAGE_MANIFEST)
		visit_manifest(w, &b, d->mediaType);
}

void ctl_each_image(int layout_dirfd, ctl_image_fn *found, void *ctx)
{
	char why[LAYOUT_WHY_MAX];
	struct walk w = { layout_dirfd, found, ctx, { 0 } };
	struct image_index index;

	if (layout_read_index(layout_dirfd, &index, why))
		diex("%s", why);
	for (size_t i = 0; i < index.n_manifests; i++)
		visit(&w, &index.manifests[i], 0);
	image_index_free(&index);
	map_free(&w.seen);
}

static void add_keys(void *ctx, _unused_ const struct image_manifest *m,
		     const struct image_config *c)
{
	struct digest chain = { "" }, diff;
	struct strv *keys = ctx;

	for (size_t i = 0; i < c->rootfs->n_diff_ids; i++) {
		if (digest_parse(c->rootfs->diff_ids[i], &diff))
			return;
		chain = store_chain(&chain, &diff);
		strv_add(keys, store_diff_key(&diff).text);
		strv_add(keys, store_chain_key(&chain).text);
	}
}

void ctl_layer_keys(const char *layout, struct strv *keys)
{
	_close_ int dirfd = xctl_open(layout), lock = layout_lock(dirfd, false, false);

	if (lock < 0)
		die("lock layout '%s'", layout);
	ctl_each_image(dirfd, add_keys, keys);
}
