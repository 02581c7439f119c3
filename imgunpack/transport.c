#include <string.h>

#include "imgunpack/archive.h"
#include "imgunpack/transport.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/ref.h"

enum { CHUNK = 256 * 1024 };

enum transport transport_of(const char *text, const char **rest)
{
	static const struct {
		const char *prefix;
		enum transport transport;
	} all[] = {
		{ "oci:", TRANSPORT_LAYOUT },
		{ "docker-archive:", TRANSPORT_ARCHIVE },
		{ "oci-archive:", TRANSPORT_ARCHIVE },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		*rest = str_after(text, all[i].prefix);
		if (*rest)
			return all[i].transport;
	}
	*rest = text;
	return TRANSPORT_REGISTRY;
}

static int lock_shared(int layout_dirfd, const char *dir)
{
	int lock = layout_lock(layout_dirfd, false, false);

	if (lock < 0)
		die("lock layout '%s'", dir);
	return lock;
}

int xtransport_open_new(const char *dir, int *lock)
{
	int fd = layout_open_new(dir);

	if (fd < 0 && errno == ENOTEMPTY)
		diex("open layout '%s': a directory of something else", dir);
	if (fd < 0 && errno == EINVAL)
		diex("open layout '%s': not an image layout of version 1.0.0", dir);
	if (fd < 0)
		die("open layout '%s'", dir);
	*lock = lock_shared(fd, dir);
	return fd;
}

int xtransport_open(const char *dir, int *lock)
{
	int fd = layout_open(dir);

	if (fd < 0 && (errno == EINVAL || errno == ENOTDIR))
		diex("open layout '%s': not an image layout", dir);
	if (fd < 0)
		die("open layout '%s'", dir);
	*lock = lock_shared(fd, dir);
	return fd;
}

char *xtransport_tag(int layout_dirfd, const struct layout_name *name)
{
	char why[LAYOUT_WHY_MAX], *tag = NULL;
	struct image_index index;

	if (name->tag)
		return xstrdup(name->tag);
	if (*name->digest.text)
		return NULL;
	if (layout_read_index(layout_dirfd, &index, why))
		diex("%s", why);
	if (index.n_manifests == 1 && layout_entry_name(index.manifests))
		tag = xstrdup(layout_entry_name(index.manifests));
	image_index_free(&index);
	return tag;
}

static void copy_bytes(int fd, struct blob *b, const struct digest *d)
{
	_free_ char *data = xmalloc(CHUNK);
	ssize_t n;

	while ((n = io_read(fd, data, CHUNK)) > 0)
		if (blob_write(b, data, (size_t)n)) {
			blob_abandon(b);
			die("write blob '%s'", d->text);
		}
	if (n < 0)
		die("read blob '%s'", d->text);
}

static void copy_blob(int from, int to, const struct image_descriptor *d)
{
	struct blob b = BLOB_INIT;
	_close_ int fd = -1;

	if (blob_size(to, &d->id) == d->size)
		return;
	fd = blob_open(from, &d->id, d->size);
	if (fd < 0 && errno == EBADMSG)
		diex("read blob '%s': not of the size the manifest says", d->id.text);
	if (fd < 0)
		die("read blob '%s'", d->id.text);
	if (blob_create(&b, to))
		die("write blob '%s'", d->id.text);
	copy_bytes(fd, &b, &d->id);
	if (!blob_commit(&b, &d->id, d->size, NULL))
		return;
	if (errno == EBADMSG)
		diex("read blob '%s': content does not match its digest", d->id.text);
	die("write blob '%s'", d->id.text);
}

static void copy_manifest(int from, int to, const struct image_manifest *m)
{
	copy_blob(from, to, m->config);
	for (size_t i = 0; i < m->n_layers; i++)
		copy_blob(from, to, &m->layers[i]);
}

void xtransport_copy(int from, int to, const struct layout_image *image)
{
	copy_manifest(from, to, &image->manifest);
}

void xtransport_copy_docs(int from, int to, const struct docs *docs, const char *tag)
{
	const struct doc *top = docs_top(docs);
	struct layout_entry e = { .media_type = top->media_type,
				  .digest = &top->digest,
				  .size = (int64_t)top->json.len,
				  .tag = tag };
	char why[LAYOUT_WHY_MAX];

	for (size_t i = 0; i < docs->n_manifests; i++)
		copy_manifest(from, to, &docs->manifests[i]);
	xdocs_store(to, docs);
	if (layout_put(to, &e, why))
		diex("%s", why);
}

void xtransport_record(int to, const struct layout_image *image, const char *tag)
{
	struct layout_entry e = { .media_type = image->media_type,
				  .digest = &image->digest,
				  .size = (int64_t)image->manifest_json.len,
				  .tag = tag };
	const struct image_config *c = &image->config;
	char why[LAYOUT_WHY_MAX];
	struct platform platform;
	struct digest stored;

	platform_set(&platform, c->os, c->architecture, c->variant);
	if (*platform.os)
		e.platform = &platform;
	if (blob_put(to, buf_str(&image->manifest_json), image->manifest_json.len, &stored))
		die("write manifest '%s'", image->digest.text);
	if (layout_put(to, &e, why))
		diex("%s", why);
}

static void load(int layout_dirfd, const struct layout_name *name, const struct platform *want,
		 struct layout_image *image)
{
	char why[LAYOUT_WHY_MAX];

	if (layout_load_any(layout_dirfd, name, want, image, why))
		diex("%s", why);
}

void xtransport_check(int layout_dirfd, const struct digest *d, const struct platform *want,
		      struct layout_image *image)
{
	struct layout_name name = { .digest = *d };

	load(layout_dirfd, &name, want, image);
	for (size_t i = 0; i < image->manifest.n_layers; i++) {
		const struct image_descriptor *l = &image->manifest.layers[i];

		if (blob_size(layout_dirfd, &l->id) != l->size)
			diex("image '%s': layer '%s' is missing, or not of the size stated",
			     d->text, l->digest);
	}
}

static void parse_name(const char *text, struct layout_name *name)
{
	if (layout_name_parse(text, name))
		opt_misuse("malformed image '%s'", text);
}

void xtransport_from_layout(const char *text, int to, const struct platform *want,
			    struct layout_image *image, char **tag)
{
	_close_ int from = -1, lock = -1;
	struct layout_name name;

	parse_name(text, &name);
	from = xtransport_open(name.dir, &lock);
	load(from, &name, want, image);
	xtransport_copy(from, to, image);
	*tag = xtransport_tag(from, &name);
	layout_name_free(&name);
}

struct digest xtransport_all_from_layout(const char *text, int to, const char *tag)
{
	_close_ int from = -1, lock = -1;
	struct layout_name name;
	_free_ char *own = NULL;
	struct docs docs;
	struct digest d;

	parse_name(text, &name);
	from = xtransport_open(name.dir, &lock);
	own = xtransport_tag(from, &name);
	xdocs_load(from, &name, &docs);
	xtransport_copy_docs(from, to, &docs, tag ? tag : own);
	d = docs_top(&docs)->digest;
	docs_free(&docs);
	layout_name_free(&name);
	return d;
}

static bool is_same_name(const char *a, const char *b)
{
	const char *why;
	struct ref x, y;

	if (str_eq(a, b))
		return true;
	if (ref_parse(a, &x, &why) || ref_parse(b, &y, &why))
		return false;

	_free_ char *full_a = ref_full(&x);
	_free_ char *full_b = ref_full(&y);

	return str_eq(full_a, full_b);
}

static const struct archive_image *choose(const struct archive_images *l,
					  const struct layout_name *name)
{
	if (!name->tag && !*name->digest.text) {
		if (l->n != 1)
			diex("read '%s': it has %zu names, say which", name->dir, l->n);
		return l->v;
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct archive_image *a = &l->v[i];

		if (name->tag ? a->name && is_same_name(a->name, name->tag)
			      : str_eq(a->digest.text, name->digest.text))
			return a;
	}
	diex("read '%s': no image '%s'", name->dir, name->tag ? name->tag : name->digest.text);
}

void xtransport_from_archive(const char *text, int to, const struct platform *want,
			     struct layout_image *image, char **tag)
{
	const struct archive_image *chosen;
	struct archive_images list;
	struct layout_name name;

	parse_name(text, &name);
	archive_add(name.dir, to, &list);
	chosen = choose(&list, &name);
	xtransport_check(to, &chosen->digest, want, image);
	*tag = chosen->name ? xstrdup(chosen->name) : NULL;
	archive_images_free(&list);
	layout_name_free(&name);
}

struct digest xtransport_all_from_archive(const char *text, int to, const char *tag)
{
	const struct archive_image *chosen;
	struct archive_images list;
	struct layout_name name;
	struct docs docs;
	struct digest d;

	parse_name(text, &name);
	archive_add(name.dir, to, &list);
	chosen = choose(&list, &name);
	d = chosen->digest;
	xdocs_load_from(to,
			&(struct image_descriptor){ .mediaType = chosen->media_type,
						    .digest = d.text,
						    .id = d,
						    .size = chosen->size },
			&docs);
	/* Nothing is copied within one layout, but all has to be there. */
	xtransport_copy_docs(to, to, &docs, tag ? tag : chosen->name);
	docs_free(&docs);
	archive_images_free(&list);
	layout_name_free(&name);
	return d;
}
