#include <string.h>

#include "imgunpack/imgctl.h"
#include "imgunpack/table.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/mem.h"
#include "lib/opt.h"

static bool json, names_only;

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json, NULL, "one object a line" },
	{ 'q', "quiet", OPT_FLAG, &names_only, NULL, "names only; digests of images without one" },
	{ 0 },
};

/* What is known of an image, as far as its documents are there and sound. */
struct row {
	const struct image_descriptor *entry;
	const char *name;
	char *platforms;
	char config_digest[DIGEST_TEXT_LEN + 1];
	char *created;
	int64_t size; /* of config and layers; -1: not known */
};

static int64_t add_up(const struct image_manifest *m)
{
	int64_t size = m->config->size;

	for (size_t i = 0; i < m->n_layers; i++) {
		if (__builtin_add_overflow(size, m->layers[i].size, &size))
			return -1;
	}
	return size;
}

static char *platform_of(const struct image_config *c)
{
	char text[PLATFORM_TEXT_MAX + 1];
	struct platform p;

	platform_set(&p, c->os, c->architecture, c->variant);
	return xstrdup(platform_text(&p, text));
}

static void read_config(int dirfd, const struct image_descriptor *d, struct row *r)
{
	char why[IMAGE_WHY_MAX];
	struct image_config config;
	_buf_ struct buf b = { 0 };

	if (blob_read(dirfd, &d->id, d->size, IMAGE_JSON_MAX, &b) ||
	    image_config_parse(buf_str(&b), b.len, &config, why))
		return;
	free(r->platforms);
	r->platforms = platform_of(&config);
	r->created = config.created ? xstrdup(config.created) : NULL;
	image_config_free(&config);
}

static void read_manifest(int dirfd, const struct buf *b, const char *type, struct row *r)
{
	char why[IMAGE_WHY_MAX];
	struct image_manifest m;

	if (image_manifest_parse(buf_str(b), b->len, type, &m, why))
		return;
	r->size = add_up(&m);
	memcpy(r->config_digest, m.config->id.text, sizeof(r->config_digest));
	if (image_kind(m.config->mediaType) == IMAGE_CONFIG)
		read_config(dirfd, m.config, r);
	image_manifest_free(&m);
}

static void read_index(const struct buf *b, const char *type, struct row *r)
{
	char why[IMAGE_WHY_MAX];
	struct image_index index;

	if (image_index_parse(buf_str(b), b->len, type, &index, why))
		return;
	free(r->platforms);
	r->platforms = image_platforms(index.manifests, index.n_manifests);
	image_index_free(&index);
}

static void read_row(int dirfd, const struct image_descriptor *entry, struct row *r)
{
	_buf_ struct buf b = { 0 };

	memset(r, 0, sizeof(*r));
	r->entry = entry;
	r->name = layout_entry_name(entry);
	r->size = -1;
	if (!*entry->id.text || blob_read(dirfd, &entry->id, entry->size, IMAGE_JSON_MAX, &b))
		return;
	if (image_kind(entry->mediaType) == IMAGE_INDEX)
		read_index(&b, entry->mediaType, r);
	else
		read_manifest(dirfd, &b, entry->mediaType, r);
}

static void free_row(struct row *r)
{
	free(r->platforms);
	free(r->created);
}

static void print_json(const struct row *r)
{
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	emit_object(&e, NULL);
	emit_str_if(&e, "name", r->name);
	emit_str(&e, "digest", r->entry->digest);
	emit_str_if(&e, "mediaType", r->entry->mediaType);
	emit_str_if(&e, "config", r->config_digest);
	emit_str_if(&e, "platform", r->platforms);
	emit_str_if(&e, "created", r->created);
	if (r->size >= 0)
		emit_int(&e, "size", r->size);
	emit_end(&e);
	buf_addc(&b, '\n');
	fwrite(buf_str(&b), 1, b.len, stdout);
}

/* "sha256:" and twelve digits are enough for people. */
static void add_row(struct table *t, const struct row *r)
{
	_free_ char *digest = xmemdup0(r->entry->digest,
				       strnlen(r->entry->digest, strlen("sha256:") + 12));
	char size[TABLE_SIZE_MAX];

	table_add(t, r->name);
	table_add(t, digest);
	table_add(t, r->platforms);
	table_add(t, r->size < 0 ? NULL : table_size(r->size, size));
}

static void print_name(const struct image_descriptor *d)
{
	const char *name = layout_entry_name(d);
	_free_ char *clean = die_clean(xstrdup(name ? name : d->digest));

	printf("%s\n", clean);
}

static void list(int dirfd, const struct image_index *index)
{
	struct table t = { .n_columns = 4 };

	table_add(&t, "NAME");
	table_add(&t, "DIGEST");
	table_add(&t, "PLATFORM");
	table_add(&t, "SIZE");
	for (size_t i = 0; i < index->n_manifests; i++) {
		struct row r = { 0 };

		read_row(dirfd, &index->manifests[i], &r);
		if (json)
			print_json(&r);
		else
			add_row(&t, &r);
		free_row(&r);
	}
	if (json)
		strv_free(&t.cells);
	else
		table_print(&t);
}

int ctl_ls(int argc, char **argv)
{
	const struct usage u = { "[--json|-q] LAYOUT", "List the images of a layout.", opts, 0,
				 NULL };
	int first = opt_parse(argc, argv, &u);
	char why[LAYOUT_WHY_MAX];
	struct image_index index;
	_close_ int dirfd = -1;

	opt_operands(argc - first, 1, 1);
	dirfd = xctl_open(argv[first]);
	if (layout_read_index(dirfd, &index, why))
		diex("%s", why);
	if (names_only) {
		for (size_t i = 0; i < index.n_manifests; i++)
			print_name(&index.manifests[i]);
	} else {
		list(dirfd, &index);
	}
	image_index_free(&index);
	return 0;
}
