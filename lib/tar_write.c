#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/tar_header.h"

#include "lib/tar.h"

struct tar_writer {
	tar_put *put;
	void *ctx;
	struct buf pax; /* the records of the next entry */
	uint64_t left;	/* of the body */
	unsigned padding;
};

static const char zeros[2 * TAR_BLOCK_BYTES];

struct tar_writer *tar_create(tar_put *put, void *ctx)
{
	struct tar_writer *w = xcalloc(1, sizeof(*w));

	w->put = put;
	w->ctx = ctx;
	return w;
}

void tar_writer_free(struct tar_writer *w)
{
	if (!w)
		return;
	buf_free(&w->pax);
	free(w);
}

/* "LEN key=value\n"; LEN counts its own digits. */
static void pax_record(struct buf *b, const char *key, const void *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + 1;

	while (total != rest + (size_t)snprintf(NULL, 0, "%zu", total))
		total = rest + (size_t)snprintf(NULL, 0, "%zu", total);
	buf_addf(b, "%zu %s=", total, key);
	buf_add(b, value, len);
	buf_addc(b, '\n');
}

static void pax_number(struct buf *b, const char *key, int64_t value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%jd", (intmax_t)value);

	pax_record(b, key, text, (size_t)n);
}

static void put_number(struct buf *pax, const char *key, char *field, size_t width, uint64_t value)
{
	if (tar_field_put(field, width, value) < 0) {
		(void)!tar_field_put(field, width, 0);
		pax_number(pax, key, (int64_t)value);
	}
}

static void put_string(struct buf *pax, const char *key, char *field, size_t width, const char *s)
{
	size_t len = strlen(s);

	memcpy(field, s, len < width ? len : width);
	if (len > width)
		pax_record(pax, key, s, len);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tar_xattr *)a)->name, ((const struct tar_xattr *)b)->name);
}

static void put_xattrs(struct buf *pax, const struct tar_entry *e)
{
	if (!e->nxattrs)
		return;

	_free_ struct tar_xattr *sorted = xcalloc(e->nxattrs, sizeof(*sorted));

	memcpy(sorted, e->xattrs, e->nxattrs * sizeof(*sorted));
	qsort(sorted, e->nxattrs, sizeof(*sorted), by_name);
	for (size_t i = 0; i < e->nxattrs; i++) {
		char key[300];

		snprintf(key, sizeof(key), "SCHILY.xattr.%s", sorted[i].name);
		pax_record(pax, key, sorted[i].value, sorted[i].len);
	}
}

static int put_header(struct tar_writer *w, struct tar_header *h)
{
	memcpy(h->magic,
	       "ustar\0"
	       "00",
	       sizeof(h->magic));
	tar_header_seal(h);
	return w->put(w->ctx, h, sizeof(*h));
}

/* Records in front of their entry; the name is fixed so that it carries nothing of the machine. */
static int put_pax(struct tar_writer *w)
{
	struct tar_header h = { .name = "PaxHeaders.0/entry",
				.mode = "0000644",
				.uid = "0000000",
				.gid = "0000000",
				.mtime = "00000000000",
				.typeflag = 'x' };
	size_t len = w->pax.len;

	if (!len)
		return 0;
	if (tar_field_put(h.size, sizeof(h.size), len) < 0 || put_header(w, &h) < 0 ||
	    w->put(w->ctx, w->pax.data, len) < 0)
		return -1;
	return w->put(w->ctx, zeros, -len % TAR_BLOCK_BYTES);
}

static void put_path(struct buf *pax, struct tar_header *h, const struct tar_entry *e)
{
	size_t len = strlen(e->path);
	bool slash = e->type == TAR_DIR && e->path[len - 1] != '/';
	_free_ char *path = xasprintf("%s%s", e->path, slash ? "/" : "");

	put_string(pax, "path", h->name, sizeof(h->name), path);
}

static void put_mtime(struct buf *pax, struct tar_header *h, int64_t sec)
{
	if (sec >= 0) {
		put_number(pax, "mtime", h->mtime, sizeof(h->mtime), (uint64_t)sec);
		return;
	}
	(void)!tar_field_put(h->mtime, sizeof(h->mtime), 0);
	pax_number(pax, "mtime", sec);
}

static int finish_body(struct tar_writer *w)
{
	if (w->left)
		return set_errno(EINVAL);

	unsigned padding = w->padding;

	w->padding = 0;
	return padding ? w->put(w->ctx, zeros, padding) : 0;
}

/* Records go out sorted by key, as the calls below are. */
int tar_write_entry(struct tar_writer *w, const struct tar_entry *e)
{
	struct tar_header h = { .typeflag = (char)e->type };

	if (finish_body(w) < 0)
		return -1;
	buf_reset(&w->pax);
	put_xattrs(&w->pax, e);
	(void)!tar_field_put(h.mode, sizeof(h.mode), e->mode & 07777);
	put_number(&w->pax, "gid", h.gid, sizeof(h.gid), e->gid);
	if (e->link)
		put_string(&w->pax, "linkpath", h.linkname, sizeof(h.linkname), e->link);
	put_mtime(&w->pax, &h, e->mtime.tv_sec);
	put_path(&w->pax, &h, e);
	put_number(&w->pax, "size", h.size, sizeof(h.size), e->type == TAR_FILE ? e->size : 0);
	put_number(&w->pax, "uid", h.uid, sizeof(h.uid), e->uid);
	(void)!tar_field_put(h.devmajor, sizeof(h.devmajor), e->devmajor);
	(void)!tar_field_put(h.devminor, sizeof(h.devminor), e->devminor);
	if (put_pax(w) < 0 || put_header(w, &h) < 0)
		return -1;
	w->left = e->type == TAR_FILE ? e->size : 0;
	w->padding = (unsigned)(-w->left % TAR_BLOCK_BYTES);
	return 0;
}

int tar_count_body(struct tar_writer *w, size_t len)
{
	if (len > w->left)
		return set_errno(EINVAL);
	w->left -= len;
	return 0;
}

int tar_write_body(struct tar_writer *w, const void *data, size_t len)
{
	return tar_count_body(w, len) < 0 ? -1 : w->put(w->ctx, data, len);
}

int tar_write_end(struct tar_writer *w)
{
	return finish_body(w) < 0 ? -1 : w->put(w->ctx, zeros, sizeof(zeros));
}
