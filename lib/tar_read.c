#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/tar_header.h"
#include "lib/tar_pax.h"

struct tar_reader {
	tar_fill *fill;
	void *ctx;
	const unsigned char *data; /* what is left of the source's last run */
	size_t avail;
	bool ended;
	const char *why;
	unsigned char block[TAR_BLOCK_BYTES]; /* for a header that straddles two runs */

	struct buf record; /* the body of an extension header */
	struct tar_pax pax;
	char *gnu_path, *gnu_link;
	bool has_pax;

	char name[256 + 1];	/* prefix/name of a plain header */
	char linkname[100 + 1]; /* its link */

	uint64_t left; /* of the entry's body, in the archive */
	unsigned padding;
	uint64_t offset;    /* in the file unpacked */
	size_t extent;	    /* of a sparse file */
	uint64_t extent_at; /* bytes of it already returned */
};

struct tar_reader *tar_open(tar_fill *fill, void *ctx)
{
	struct tar_reader *r = xcalloc(1, sizeof(*r));

	r->fill = fill;
	r->ctx = ctx;
	r->why = "";
	return r;
}

static void forget_extensions(struct tar_reader *r)
{
	tar_pax_reset(&r->pax);
	free(steal_ptr(&r->gnu_path));
	free(steal_ptr(&r->gnu_link));
	r->has_pax = false;
}

void tar_close(struct tar_reader *r)
{
	if (!r)
		return;
	forget_extensions(r);
	buf_free(&r->record);
	free(r);
}

const char *tar_why(const struct tar_reader *r)
{
	return r->why;
}

static int bad(struct tar_reader *r, const char *why)
{
	r->why = why;
	return set_errno(EBADMSG);
}

/* Up to MAX bytes of the stream, in place. 0 only at its end. */
static ssize_t take(struct tar_reader *r, uint64_t max, const unsigned char **p)
{
	if (!r->avail) {
		ssize_t n = r->fill(r->ctx, &r->data);

		if (n <= 0)
			return n;
		r->avail = (size_t)n;
	}

	size_t n = r->avail < max ? r->avail : (size_t)max;

	*p = r->data;
	r->data += n;
	r->avail -= n;
	return (ssize_t)n;
}

/* Copy exactly LEN bytes. 1, 0 when there was not one byte left, -1 when there were fewer. */
static int take_all(struct tar_reader *r, void *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		const unsigned char *p;
		ssize_t n = take(r, len - done, &p);

		if (n < 0)
			return -1;
		if (!n)
			return done ? bad(r, "the archive ends within an entry") : 0;
		memcpy((char *)to + done, p, (size_t)n);
		done += (size_t)n;
	}
	return 1;
}

/* The next block: 1, 0 at the end of the source. */
static int take_block(struct tar_reader *r, const struct tar_header **h)
{
	if (r->avail >= TAR_BLOCK_BYTES) {
		const unsigned char *p = NULL;

		take(r, TAR_BLOCK_BYTES, &p);
		*h = (const void *)p;
		return 1;
	}
	*h = (const void *)r->block;
	return take_all(r, r->block, TAR_BLOCK_BYTES);
}

static int skip(struct tar_reader *r, uint64_t len)
{
	while (len) {
		const unsigned char *p;
		ssize_t n = take(r, len, &p);

		if (n < 0)
			return -1;
		if (!n)
			return bad(r, "the archive ends within an entry");
		len -= (uint64_t)n;
	}
	return 0;
}

static unsigned padding_of(uint64_t size)
{
	return (unsigned)(-size % TAR_BLOCK_BYTES);
}

/* The body of an extension header, bounded, into r->record. */
static int take_record(struct tar_reader *r, const struct tar_header *h)
{
	int64_t size;

	if (tar_field_get(h->size, sizeof(h->size), &size) < 0 || size < 0 ||
	    size > TAR_EXTENSION_MAX)
		return bad(r, "an extension header that is too long");
	buf_reset(&r->record);

	int n = take_all(r, buf_room(&r->record, (size_t)size), (size_t)size);

	if (n < 0 || (!n && size))
		return n < 0 ? -1 : bad(r, "the archive ends within an entry");
	r->record.len = (size_t)size;
	return skip(r, padding_of((uint64_t)size));
}

static int take_gnu_name(struct tar_reader *r, const struct tar_header *h, char **name)
{
	if (*name)
		return bad(r, "two long names for one entry");
	if (take_record(r, h) < 0)
		return -1;
	while (r->record.len && !r->record.data[r->record.len - 1])
		r->record.len--;
	if (!r->record.len || memchr(r->record.data, '\0', r->record.len))
		return bad(r, "a malformed long name");
	*name = xmemdup0(r->record.data, r->record.len);
	return 0;
}

static int take_pax(struct tar_reader *r, const struct tar_header *h)
{
	if (r->has_pax)
		return bad(r, "two pax headers for one entry");
	r->has_pax = true;
	if (take_record(r, h) < 0)
		return -1;
	return tar_pax_parse(&r->pax, r->record.data, r->record.len, &r->why);
}

/* What a global header says of every entry is ignored, as by other image tools; it may not say
 * where or how long. */
static int take_global(struct tar_reader *r, const struct tar_header *h)
{
	struct tar_pax global = { 0 };

	if (take_record(r, h) < 0)
		return -1;

	int n = tar_pax_parse(&global, r->record.data, r->record.len, &r->why);
	bool meddles = global.path || global.link || global.sparse_name ||
		       global.has & (PAX_SIZE | PAX_SPARSE);

	tar_pax_reset(&global);
	return n < 0 ? -1 : meddles ? bad(r, "a global pax header that sets path or size") : 0;
}

/* Take an extension header in: 1, or 0 when H is an ordinary one. */
static int take_extension(struct tar_reader *r, const struct tar_header *h)
{
	int n;

	switch (h->typeflag) {
	case 'x':
	case 'X':
		n = take_pax(r, h);
		break;
	case 'g':
		n = take_global(r, h);
		break;
	case 'L':
		n = take_gnu_name(r, h, &r->gnu_path);
		break;
	case 'K':
		n = take_gnu_name(r, h, &r->gnu_link);
		break;
	default:
		return 0;
	}
	return n < 0 ? -1 : 1;
}

/* Only POSIX's magic has a prefix; GNU's keeps times in those bytes, star has the last 24 for
 * itself. */
static const char *plain_name(struct tar_reader *r, const struct tar_header *h)
{
	int prefix = 0;

	if (!memcmp(h->magic,
		    "ustar\0"
		    "00",
		    8))
		prefix = memcmp(h->pad + sizeof(h->pad) - 4, "tar", 4) ? 155 : 131;
	if (prefix && h->prefix[0])
		snprintf(r->name, sizeof(r->name), "%.*s/%.100s", prefix, h->prefix, h->name);
	else
		snprintf(r->name, sizeof(r->name), "%.100s", h->name);
	return r->name;
}

static int entry_names(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	struct tar_pax *p = &r->pax;

	if ((r->gnu_path && p->path) || (r->gnu_link && p->link))
		return bad(r, "both a GNU and a pax name for one entry");
	e->path = p->sparse_name ? p->sparse_name
		  : p->path	 ? p->path
		  : r->gnu_path	 ? r->gnu_path
				 : plain_name(r, h);
	if (!*e->path)
		return bad(r, "an entry without a name");
	snprintf(r->linkname, sizeof(r->linkname), "%.100s", h->linkname);
	e->link = p->link ? p->link : r->gnu_link ? r->gnu_link : r->linkname;
	return 0;
}

static int entry_type(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	bool slash = e->path[strlen(e->path) - 1] == '/';
	bool links = h->typeflag == TAR_LINK || h->typeflag == TAR_SYMLINK;

	if (h->typeflag == '\0')
		e->type = slash ? TAR_DIR : TAR_FILE;
	else if (h->typeflag == '7')
		e->type = TAR_FILE;
	else if (h->typeflag >= TAR_FILE && h->typeflag <= TAR_FIFO)
		e->type = (enum tar_type)h->typeflag;
	else
		return bad(r, "an entry of a type that images do not have");
	if (slash && e->type != TAR_DIR)
		return bad(r, "a name that ends in '/' but is no directory");
	if (links && !*e->link)
		return bad(r, "a link to nothing");
	if (!links)
		e->link = NULL;
	return 0;
}

static int entry_id(const char *field, bool has, uint32_t pax, uint32_t *out)
{
	int64_t n = pax;

	if (!has && tar_field_get(field, 8, &n) < 0)
		return -1;
	if (n < 0 || n >= UINT32_MAX)
		return set_errno(EINVAL);
	*out = (uint32_t)n;
	return 0;
}

static int entry_numbers(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	struct tar_pax *p = &r->pax;
	int64_t mode, sec, major = 0, minor = 0;

	if (entry_id(h->uid, p->has & PAX_UID, p->uid, &e->uid) < 0 ||
	    entry_id(h->gid, p->has & PAX_GID, p->gid, &e->gid) < 0)
		return bad(r, "an owner outside 0 to 4294967294");
	if (tar_field_get(h->mode, sizeof(h->mode), &mode) < 0 ||
	    tar_field_get(h->mtime, sizeof(h->mtime), &sec) < 0)
		return bad(r, "a mode or time that is no number");
	e->mode = (mode_t)(mode & 07777);
	e->mtime = p->has & PAX_MTIME ? p->mtime : (struct timespec){ .tv_sec = sec };
	if (e->type != TAR_CHAR && e->type != TAR_BLOCK)
		return 0;
	if (tar_field_get(h->devmajor, sizeof(h->devmajor), &major) < 0 ||
	    tar_field_get(h->devminor, sizeof(h->devminor), &minor) < 0 || major < 0 || minor < 0 ||
	    major > 0xfff || minor > 0xfffff)
		return bad(r, "a device number out of range");
	e->devmajor = (uint32_t)major;
	e->devminor = (uint32_t)minor;
	return 0;
}

/* One number and newline of a sparse 1.0 map, which fills whole blocks in front of the data. */
static int map_number(struct tar_reader *r, const struct tar_header **h, size_t *at, uint64_t *out)
{
	for (*out = 0;; (*at)++) {
		if (*at == TAR_BLOCK_BYTES) {
			if (r->left < TAR_BLOCK_BYTES || take_block(r, h) <= 0)
				return bad(r, "a broken sparse map");
			r->left -= TAR_BLOCK_BYTES;
			*at = 0;
		}

		char c = ((const char *)*h)[*at];

		if (c == '\n')
			break;
		if (c < '0' || c > '9' || *out > INT64_MAX / 10 - 1)
			return bad(r, "a broken sparse map");
		*out = *out * 10 + (uint64_t)(c - '0');
	}
	(*at)++;
	return 0;
}

static int take_map(struct tar_reader *r)
{
	const struct tar_header *h = NULL;
	size_t at = TAR_BLOCK_BYTES;
	uint64_t n, offset, len;

	if (map_number(r, &h, &at, &n) < 0)
		return -1;
	if (n > TAR_EXTENTS_MAX)
		return bad(r, "a sparse map of too many pieces");
	while (n--)
		if (map_number(r, &h, &at, &offset) < 0 || map_number(r, &h, &at, &len) < 0 ||
		    tar_pax_extent(&r->pax, offset, len) < 0)
			return -1;
	return 0;
}

static int entry_body(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	struct tar_pax *p = &r->pax;
	int64_t size;

	if (tar_field_get(h->size, sizeof(h->size), &size) < 0 || size < 0)
		return bad(r, "a size that is no number");
	r->left = p->has & PAX_SIZE ? p->size : (uint64_t)size;
	r->padding = padding_of(r->left);
	e->size = r->left;
	r->offset = r->extent = r->extent_at = 0;
	if (e->type != TAR_FILE)
		return r->left || p->has & PAX_SPARSE
			       ? bad(r, "a body behind something that is no file")
			       : 0;
	if (!(p->has & PAX_SPARSE))
		return 0;
	e->size = p->sparse_size;
	if (p->sparse_major == 1 && take_map(r) < 0)
		return -1;
	if (!tar_pax_map_ok(p, e->size, r->left))
		return bad(r, "a sparse map that does not fit its file");
	return 0;
}

static int entry(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	*e = (struct tar_entry){ .xattrs = r->pax.xattrs, .nxattrs = r->pax.nxattrs };
	if (entry_names(r, h, e) < 0 || entry_type(r, h, e) < 0 || entry_numbers(r, h, e) < 0 ||
	    entry_body(r, h, e) < 0)
		return -1;
	return 1;
}

/* Behind one zero block only a second one, or nothing, is an end that every reader sees. */
static int end(struct tar_reader *r)
{
	const struct tar_header *h;
	int n = take_block(r, &h);

	if (n < 0)
		return -1;
	if (n && !tar_header_is_zero(h))
		return bad(r, "something behind a single zero block");
	r->ended = true;
	return 0;
}

int tar_next(struct tar_reader *r, struct tar_entry *e)
{
	const struct tar_header *h;
	int n;

	if (r->ended)
		return 0;
	if (skip(r, r->left) < 0 || skip(r, r->padding) < 0)
		return -1;
	r->left = r->padding = 0;
	forget_extensions(r);
	while ((n = take_block(r, &h)) > 0) {
		if (tar_header_is_zero(h))
			break;
		if (!tar_header_sum_ok(h))
			return bad(r, "a header whose checksum is wrong");
		n = take_extension(r, h);
		if (n < 0)
			return -1;
		if (!n)
			return entry(r, h, e);
	}
	if (n < 0)
		return -1;
	if (r->has_pax || r->gnu_path || r->gnu_link)
		return bad(r, "an extension header without an entry");
	if (n)
		return end(r);
	r->ended = true;
	return 0;
}

/* How far the current run may go, and where it belongs. */
static uint64_t run(struct tar_reader *r)
{
	struct tar_pax *p = &r->pax;

	if (!(p->has & PAX_SPARSE))
		return r->left;
	while (r->extent < p->nextents && r->extent_at == p->extents[r->extent].len) {
		r->extent++;
		r->extent_at = 0;
	}
	if (r->extent == p->nextents)
		return 0;
	r->offset = p->extents[r->extent].offset + r->extent_at;
	return p->extents[r->extent].len - r->extent_at;
}

ssize_t tar_body(struct tar_reader *r, const void **data, uint64_t *offset)
{
	uint64_t max = r->left ? run(r) : 0;
	const unsigned char *p;

	if (!max)
		return 0;

	ssize_t n = take(r, max, &p);

	if (n < 0)
		return -1;
	if (!n)
		return bad(r, "the archive ends within an entry");
	*data = p;
	*offset = r->offset;
	r->left -= (uint64_t)n;
	r->offset += (uint64_t)n;
	r->extent_at += (uint64_t)n;
	return n;
}

int tar_drain(struct tar_reader *r)
{
	const unsigned char *p;
	ssize_t n;

	while ((n = take(r, UINT64_MAX, &p)) > 0)
		;
	return n < 0 ? -1 : 0;
}
