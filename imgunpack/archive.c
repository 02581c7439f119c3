#include <stdlib.h>
#include <string.h>

#include "imgunpack/archive.h"
#include "imgunpack/archive_docker.h"
#include "imgunpack/tarfile.h"
#include "imgunpack/trail.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/layout.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/tar.h"

enum { MEMBERS_MAX = 100000 };

static void add(struct archive *a, const struct archive_member *m)
{
	if (a->n == MEMBERS_MAX)
		diex("read '%s': more than %d members", a->path, MEMBERS_MAX);
	a->members = xreallocarray(a->members, a->n + 1, sizeof(*a->members));
	a->members[a->n] = *m;
	a->members[a->n].nth = a->n;
	a->n++;
}

static int by_name(const void *a, const void *b)
{
	const struct archive_member *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->nth < y->nth ? -1 : x->nth > y->nth;
}

/* Of several of that name the first one counts. */
static struct archive_member *find(const struct archive *a, const char *name)
{
	size_t low = 0, high = a->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(a->members[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < a->n && str_eq(a->members[low].name, name) ? &a->members[low] : NULL;
}

struct archive_member *archive_find(const struct archive *a, const char *name)
{
	_free_ char *clean = xstrdup(name);
	struct archive_member *m = tar_clean_path(clean) < 0 ? NULL : find(a, clean);

	for (int links = 0; m && m->link && links < ARCHIVE_LINKS_MAX; links++)
		m = find(a, m->link);
	return m && !m->link ? m : NULL;
}

/* What the link NAME leads to: TARGET from NAME's directory, plain. NULL when that is outside. */
static char *resolve(const char *name, const char *target, bool hard)
{
	const char *slash = strrchr(name, '/');
	_strv_ struct strv parts = { 0 }, out = { 0 };
	_buf_ struct buf path = { 0 };

	if (!hard && *target != '/' && slash)
		buf_add(&path, name, (size_t)(slash - name) + 1);
	buf_adds(&path, target);
	strv_split(&parts, buf_str(&path), '/');
	for (size_t i = 0; i < parts.n; i++) {
		if (!*parts.v[i] || str_eq(parts.v[i], "."))
			continue;
		if (!str_eq(parts.v[i], "..")) {
			strv_add(&out, parts.v[i]);
			continue;
		}
		if (!out.n)
			return NULL;
		free(out.v[--out.n]);
		out.v[out.n] = NULL;
	}
	buf_reset(&path);
	for (size_t i = 0; i < out.n; i++)
		buf_addf(&path, "%s%s", i ? "/" : "", out.v[i]);
	return buf_steal(&path);
}

/* One of the documents that have a name everybody knows; kept in memory. */
static struct buf *document(struct archive *a, const char *name)
{
	return str_eq(name, "index.json")      ? &a->index
	       : str_eq(name, "manifest.json") ? &a->manifest
					       : NULL;
}

static void count_bytes(struct archive *a, uint64_t n)
{
	a->bytes += n;
	if (a->max_bytes && a->bytes > a->max_bytes)
		diex("read '%s': its members are larger than --max-size", a->path);
}

static void read_document(struct archive *a, struct tar_reader *r, const char *name,
			  struct buf *doc)
{
	const void *data;
	uint64_t offset;
	ssize_t n;

	if (doc->len)
		diex("read '%s': two members '%s'", a->path, name);
	while ((n = tar_body(r, &data, &offset)) > 0) {
		count_bytes(a, (uint64_t)n);
		if (offset != doc->len)
			diex("read '%s': '%s' is sparse", a->path, name);
		if (doc->len + (size_t)n > IMAGE_JSON_MAX)
			diex("read '%s': '%s' is larger than 4 MiB", a->path, name);
		buf_add(doc, data, (size_t)n);
	}
}

/* What is collected in BUFFER is written, and hashed by another thread. */
static void pass_on(struct archive *a, struct blob *b, char *buffer, size_t len)
{
	if (blob_append(b, buffer, len) < 0)
		die("read '%s'", a->path);
	trail_hash(a->trail, b, buffer, len);
}

/* The first bytes tell what a layer is compressed with. */
static void take_head(struct archive_member *m, uint64_t at, const char *data, size_t len)
{
	for (size_t i = 0; at + i < sizeof(m->head) && i < len; i++)
		m->head[at + i] = (unsigned char)data[i];
}

static void write_member(struct archive *a, struct tar_reader *r, struct archive_member *m,
			 struct blob *b)
{
	char *buffer = trail_buffer(a->trail);
	const void *data;
	size_t len = 0;
	uint64_t offset, at = 0;
	ssize_t n;

	for (; (n = tar_body(r, &data, &offset)) > 0; at += (uint64_t)n) {
		count_bytes(a, (uint64_t)n);
		if (offset != at)
			diex("read '%s': '%s' is sparse", a->path, m->name);
		take_head(m, at, data, (size_t)n);
		for (size_t done = 0, some; done < (size_t)n; done += some) {
			some = (size_t)n - done;
			if (some > TRAIL_BYTES - len)
				some = TRAIL_BYTES - len;
			memcpy(buffer + len, (const char *)data + done, some);
			len += some;
			if (len == TRAIL_BYTES) {
				pass_on(a, b, buffer, len);
				buffer = trail_buffer(a->trail);
				len = 0;
			}
		}
	}
	pass_on(a, b, buffer, len);
}

static void read_member(struct archive *a, struct tar_reader *r, uint64_t size,
			struct archive_member *m)
{
	struct blob b = BLOB_INIT;

	if (archive_stays_in_place(a, r, size, m)) {
		count_bytes(a, size);
		if (!m->wants_diff_id)
			archive_part_add(a, m);
		return;
	}
	if (blob_create(&b, a->layout_dirfd) < 0)
		die("read '%s'", a->path);
	b.is_scratch = a->is_scratch;
	write_member(a, r, m, &b);
	trail_settle(a->trail, &b);
	m->size = b.bytes;
	if (blob_commit(&b, NULL, -1, &m->digest) < 0)
		die("read '%s'", a->path);
}

static void read_entry(struct archive *a, struct tar_reader *r, const struct tar_entry *e)
{
	struct archive_member m = { .name = xstrdup(e->path) };
	struct buf *doc;

	if (tar_clean_path(m.name) < 0 || !*m.name || e->type == TAR_DIR) {
		free(m.name);
		return;
	}
	doc = e->type == TAR_FILE ? document(a, m.name) : NULL;
	if (doc) {
		read_document(a, r, m.name, doc);
		free(m.name);
		return;
	}
	if (e->type == TAR_SYMLINK || e->type == TAR_LINK)
		m.link = resolve(m.name, e->link, e->type == TAR_LINK);
	if (e->type == TAR_FILE)
		read_member(a, r, e->size, &m);
	if (e->type == TAR_FILE || m.link)
		add(a, &m);
	else
		free(m.name);
}

static void read_all(struct archive *a)
{
	struct tar_reader *r;
	struct tar_entry e;
	int n;

	a->file = tarfile_open(a->path);
	r = tar_open(tarfile_fill, a->file);
	tar_set_leap(r, tarfile_leap);
	a->trail = trail_new(1);
	while ((n = tar_next(r, &e)) > 0)
		read_entry(a, r, &e);
	trail_free(a->trail);
	if (n < 0 || tar_drain(r) < 0)
		diex("read '%s': %s", a->path, tar_why(r));
	tar_close(r);
	tarfile_close(a->file);
	if (a->n)
		qsort(a->members, a->n, sizeof(*a->members), by_name);
}

static void free_archive(struct archive *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->members[i].name);
		free(a->members[i].link);
	}
	free(a->members);
	buf_free(&a->index);
	buf_free(&a->manifest);
}

static void open_archive(struct archive *a)
{
	read_all(a);
	if (!a->index.len && !a->manifest.len)
		diex("read '%s': no image: neither index.json nor manifest.json", a->path);
}

void archive_read(const char *path, int layout_dirfd, uint64_t max_bytes,
		  struct archive_parts *parts)
{
	struct archive a = { .path = path,
			     .layout_dirfd = layout_dirfd,
			     .is_scratch = true,
			     .max_bytes = max_bytes,
			     .parts = parts };
	struct archive_images images = { 0 };

	open_archive(&a);
	if (!a.index.len) {
		archive_docker(&a, &images);
		archive_put(path, layout_dirfd, &images);
	} else if (file_replace(layout_dirfd, "index.json", 0644, a.index.data, a.index.len,
				false) < 0) {
		die("read '%s'", path);
	}
	archive_images_free(&images);
	free_archive(&a);
}

void archive_add(const char *path, int layout_dirfd, struct archive_images *out)
{
	struct archive a = { .path = path, .layout_dirfd = layout_dirfd };

	memset(out, 0, sizeof(*out));
	open_archive(&a);
	if (a.index.len)
		archive_oci(&a, out);
	else
		archive_docker(&a, out);
	free_archive(&a);
}
