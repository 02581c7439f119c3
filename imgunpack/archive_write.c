#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "imgunpack/archive_write.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/ref.h"
#include "lib/str.h"
#include "lib/tar.h"

enum { CHUNK = 256 * 1024 };

struct out {
	const char *file; /* for messages */
	int fd;
	struct tar_writer *tar;
	size_t len;
	char data[CHUNK];
};

/* What is to be written: images, or documents. */
struct content {
	const struct saved *v;
	size_t n;
	const struct docs *docs; /* NULL: images */
	int layout_dirfd;	 /* of the documents */
	const char *name;
};

/* A blob of an image, and where it is. */
struct item {
	int layout_dirfd;
	const struct image_descriptor *d;
	const struct buf *json; /* or, of a manifest, its bytes */
	const struct digest *id;
	int64_t size;
};

static void flush(struct out *o)
{
	if (io_write(o->fd, o->data, o->len))
		die("write '%s'", o->file);
	o->len = 0;
}

static int put(void *ctx, const void *data, size_t len)
{
	struct out *o = ctx;

	if (o->len + len > CHUNK)
		flush(o);
	if (len > CHUNK)
		return io_write(o->fd, data, len);
	memcpy(o->data + o->len, data, len);
	o->len += len;
	return 0;
}

static void add_entry(struct out *o, enum tar_type type, const char *path, int64_t size)
{
	struct tar_entry e = { .type = type,
			       .path = path,
			       .mode = type == TAR_DIR ? 0755 : 0644,
			       .size = (uint64_t)size };

	if (tar_write_entry(o->tar, &e))
		die("write '%s'", o->file);
}

static void add_body(struct out *o, const void *data, size_t len)
{
	if (tar_write_body(o->tar, data, len))
		die("write '%s'", o->file);
}

static void add_text(struct out *o, const char *path, const struct buf *b)
{
	add_entry(o, TAR_FILE, path, (int64_t)b->len);
	add_body(o, buf_str(b), b->len);
}

/* Hashed on the way: what is damaged must not be handed on. */
static void add_blob(struct out *o, const struct item *i)
{
	_close_ int fd = blob_open(i->layout_dirfd, i->id, i->size);
	_free_ char *data = xmalloc(CHUNK);
	struct digest_state hash;
	struct digest found;
	ssize_t n;

	if (fd < 0 && errno == EBADMSG)
		diex("read blob '%s': not of the size the manifest says", i->id->text);
	if (fd < 0)
		die("read blob '%s'", i->id->text);
	digest_start(&hash);
	while ((n = io_read(fd, data, CHUNK)) > 0) {
		digest_add(&hash, data, (size_t)n);
		add_body(o, data, (size_t)n);
	}
	if (n < 0)
		die("read blob '%s'", i->id->text);
	digest_end(&hash, &found);
	if (!str_eq(found.text, i->id->text))
		diex("read blob '%s': content does not match its digest", i->id->text);
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return strcmp(x->id->text, y->id->text);
}

static void list_item(struct item *v, size_t *n, struct item item)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(v[i].id->text, item.id->text))
			return;
	v[(*n)++] = item;
}

static void list_descriptor(struct item *v, size_t *n, int dirfd, const struct image_descriptor *d)
{
	list_item(v, n, (struct item){ dirfd, d, NULL, &d->id, d->size });
}

static void list_json(struct item *v, size_t *n, const struct digest *d, const struct buf *json)
{
	list_item(v, n, (struct item){ -1, NULL, json, d, (int64_t)json->len });
}

static void list_manifest(struct item *v, size_t *n, int dirfd, const struct image_manifest *m)
{
	list_descriptor(v, n, dirfd, m->config);
	for (size_t l = 0; l < m->n_layers; l++)
		list_descriptor(v, n, dirfd, &m->layers[l]);
}

/* Every blob once. Caller frees. */
static struct item *list_blobs(const struct content *c, size_t *n)
{
	size_t most = 0;
	struct item *v;

	for (size_t i = 0; i < c->n; i++)
		most += c->v[i].image.manifest.n_layers + 2;
	for (size_t i = 0; c->docs && i < c->docs->n_manifests; i++)
		most += c->docs->manifests[i].n_layers + 1;
	v = xcalloc(most + (c->docs ? c->docs->n : 0), sizeof(*v));
	*n = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct layout_image *image = &c->v[i].image;

		list_json(v, n, &image->digest, &image->manifest_json);
		list_manifest(v, n, c->v[i].layout_dirfd, &image->manifest);
	}
	for (size_t i = 0; c->docs && i < c->docs->n; i++)
		list_json(v, n, &c->docs->v[i].digest, &c->docs->v[i].json);
	for (size_t i = 0; c->docs && i < c->docs->n_manifests; i++)
		list_manifest(v, n, c->layout_dirfd, &c->docs->manifests[i]);
	return v;
}

static void add_blobs(struct out *o, const struct content *c)
{
	size_t n_items;
	_free_ struct item *items = list_blobs(c, &n_items);

	qsort(items, n_items, sizeof(*items), compare_items);
	add_entry(o, TAR_DIR, "blobs", 0);
	add_entry(o, TAR_DIR, "blobs/sha256", 0);
	for (size_t i = 0; i < n_items; i++) {
		_free_ char *path = xasprintf("blobs/sha256/%s", digest_hex(items[i].id));

		add_entry(o, TAR_FILE, path, items[i].size);
		if (items[i].json)
			add_body(o, buf_str(items[i].json), items[i].json->len);
		else
			add_blob(o, &items[i]);
	}
}

/* A name that says where an image belongs, as opposed to a mere tag. In full always: what docker
 * takes for its own registry's is of "localhost" to podman. */
static bool read_reference(const char *name, struct ref *r)
{
	const char *why;

	return name && strpbrk(name, ":/") && !ref_parse(name, r, &why) && *r->tag;
}

static void emit_index_entry(struct emit *e, const char *media_type, const struct digest *d,
			     size_t size, const char *name)
{
	struct ref r;

	emit_object(e, NULL);
	emit_str(e, "mediaType", media_type);
	emit_str(e, "digest", d->text);
	emit_int(e, "size", (int64_t)size);
	if (name) {
		emit_object(e, "annotations");
		if (read_reference(name, &r)) {
			_free_ char *full = ref_full(&r);

			emit_str(e, "io.containerd.image.name", full);
		}
		emit_str(e, IMAGE_REF_NAME, name);
		emit_end(e);
	}
	emit_end(e);
}

static void add_index(struct out *o, const struct content *c)
{
	const struct doc *top = c->docs ? docs_top(c->docs) : NULL;
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	emit_object(&e, NULL);
	emit_int(&e, "schemaVersion", 2);
	emit_str(&e, "mediaType", IMAGE_TYPE_INDEX);
	emit_array(&e, "manifests");
	for (size_t i = 0; i < c->n; i++) {
		const struct layout_image *image = &c->v[i].image;

		emit_index_entry(&e, image->media_type, &image->digest, image->manifest_json.len,
				 c->v[i].name);
	}
	if (top)
		emit_index_entry(&e, top->media_type, &top->digest, top->json.len, c->name);
	emit_end(&e);
	emit_end(&e);
	add_text(o, "index.json", &b);
}

static void emit_blob(struct emit *e, const char *key, const struct digest *d)
{
	_free_ char *path = xasprintf("blobs/sha256/%s", digest_hex(d));

	emit_str(e, key, path);
}

static bool is_same_image(const struct saved *a, const struct saved *b)
{
	return str_eq(a->image.digest.text, b->image.digest.text);
}

/* All the names of the image that V[I] is. */
static void emit_names(struct emit *e, const struct saved *v, size_t n, size_t i)
{
	struct ref r;

	emit_array(e, "RepoTags");
	for (size_t k = i; k < n; k++) {
		if (!is_same_image(&v[i], &v[k]) || !read_reference(v[k].name, &r))
			continue;
		*r.digest.text = '\0';

		_free_ char *name = ref_full(&r);

		emit_str(e, NULL, name);
	}
	emit_end(e);
}

static void emit_docker(struct emit *e, const struct saved *v, size_t n, size_t i)
{
	const struct image_manifest *m = &v[i].image.manifest;

	for (size_t k = 0; k < i; k++)
		if (is_same_image(&v[k], &v[i]))
			return;
	emit_object(e, NULL);
	emit_blob(e, "Config", &m->config->id);
	emit_names(e, v, n, i);
	emit_array(e, "Layers");
	for (size_t l = 0; l < m->n_layers; l++)
		emit_blob(e, NULL, &m->layers[l].id);
	emit_end(e);
	emit_end(e);
}

static void add_docker(struct out *o, const struct saved *v, size_t n)
{
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	emit_array(&e, NULL);
	for (size_t i = 0; i < n; i++)
		emit_docker(&e, v, n, i);
	emit_end(&e);
	add_text(o, "manifest.json", &b);
}

static void add_documents(struct out *o, const struct content *c)
{
	_buf_ struct buf layout = { 0 };

	add_index(o, c);
	if (!c->docs)
		add_docker(o, c->v, c->n);
	buf_adds(&layout, "{\"imageLayoutVersion\":\"1.0.0\"}");
	add_text(o, "oci-layout", &layout);
}

static void write_all(struct out *o, const struct content *c)
{
	o->tar = tar_create(put, o);
	add_blobs(o, c);
	add_documents(o, c);
	if (tar_write_end(o->tar))
		die("write '%s'", o->file);
	flush(o);
	tar_writer_free(o->tar);
}

static char *unfinished; /* the temporary, while there is one */

static void remove_unfinished(void)
{
	if (unfinished)
		unlink(unfinished);
}

static void write_file(struct out *o, const struct content *c)
{
	const char *slash = strrchr(o->file, '/'), *base = slash ? slash + 1 : o->file;

	unfinished = xasprintf("%.*s.%s.new", (int)(base - o->file), o->file, base);
	die_cleanup(remove_unfinished);
	o->fd = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (o->fd < 0)
		die("write '%s'", o->file);
	write_all(o, c);
	if (close(o->fd) || rename(unfinished, o->file))
		die("write '%s'", o->file);
	free(unfinished);
	unfinished = NULL;
}

static void write_content(const char *file, const struct content *c)
{
	_free_ struct out *o = xcalloc(1, sizeof(*o));

	if (file && !str_eq(file, "-")) {
		o->file = file;
		write_file(o, c);
		return;
	}
	if (isatty(STDOUT_FILENO))
		diex("an archive is nothing for a terminal");
	o->file = "standard output";
	o->fd = STDOUT_FILENO;
	write_all(o, c);
}

void archive_write(const char *file, const struct saved *v, size_t n)
{
	write_content(file, &(struct content){ .v = v, .n = n });
}

void archive_write_docs(const char *file, int layout_dirfd, const struct docs *docs,
			const char *name)
{
	write_content(file, &(struct content){
				    .docs = docs, .layout_dirfd = layout_dirfd, .name = name });
}
