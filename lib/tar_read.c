#include <string.h>

#include "lib/mem.h"
#include "lib/tar_reader.h"

struct tar_reader *tar_open(tar_fill *fill, void *ctx)
{
	struct tar_reader *r = xcalloc(1, sizeof(*r));

	r->fill = fill;
	r->ctx = ctx;
	r->why = "";
	return r;
}

void tar_set_leap(struct tar_reader *r, tar_leap *leap)
{
	r->leap = leap;
}

void tar_close(struct tar_reader *r)
{
	if (!r)
		return;
	tar_forget_extensions(r);
	buf_free(&r->record);
	free(r);
}

const char *tar_why(const struct tar_reader *r)
{
	return r->why;
}

int tar_bad(struct tar_reader *r, const char *why)
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
		r->filled += (uint64_t)n;
	}

	size_t n = r->avail < max ? r->avail : (size_t)max;

	*p = r->data;
	r->data += n;
	r->avail -= n;
	return (ssize_t)n;
}

int tar_take(struct tar_reader *r, void *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		const unsigned char *p;
		ssize_t n = take(r, len - done, &p);

		if (n < 0)
			return -1;
		if (!n)
			return done ? tar_bad(r, "the archive ends within an entry") : 0;
		memcpy((char *)to + done, p, (size_t)n);
		done += (size_t)n;
	}
	return 1;
}

int tar_take_block(struct tar_reader *r, const struct tar_header **h)
{
	if (r->avail >= TAR_BLOCK_BYTES) {
		*h = (const void *)r->data;
		r->data += TAR_BLOCK_BYTES;
		r->avail -= TAR_BLOCK_BYTES;
		return 1;
	}
	*h = (const void *)r->block;
	return tar_take(r, r->block, TAR_BLOCK_BYTES);
}

/* Behind what is there already. */
static uint64_t leap(struct tar_reader *r, uint64_t len)
{
	uint64_t n = r->leap && !r->avail ? r->leap(r->ctx, len) : 0;

	r->filled += n;
	return n;
}

int tar_skip(struct tar_reader *r, uint64_t len)
{
	while (len) {
		const unsigned char *p;
		ssize_t n;

		len -= leap(r, len);
		n = len ? take(r, len, &p) : 0;
		if (n < 0)
			return -1;
		if (len && !n)
			return tar_bad(r, "the archive ends within an entry");
		len -= (uint64_t)n;
	}
	return 0;
}

/* Behind one zero block only a second one, or nothing, is an end that every reader sees. */
static int end(struct tar_reader *r)
{
	const struct tar_header *h;
	int n = tar_take_block(r, &h);

	if (n < 0)
		return -1;
	if (n && !tar_header_is_zero(h))
		return tar_bad(r, "something behind a single zero block");
	r->ended = true;
	return 0;
}

int tar_next(struct tar_reader *r, struct tar_entry *e)
{
	const struct tar_header *h;
	int n;

	if (r->ended)
		return 0;
	if (tar_skip(r, r->left) < 0 || tar_skip(r, r->padding) < 0)
		return -1;
	r->left = r->padding = 0;
	tar_forget_extensions(r);
	while ((n = tar_take_block(r, &h)) > 0) {
		if (tar_header_is_zero(h))
			break;
		if (!tar_header_sum_ok(h))
			return tar_bad(r, "a header whose checksum is wrong");
		n = tar_take_extension(r, h);
		if (n < 0)
			return -1;
		if (!n)
			return tar_make_entry(r, h, e);
	}
	if (n < 0)
		return -1;
	if (r->has_pax || r->gnu_path || r->gnu_link)
		return tar_bad(r, "an extension header without an entry");
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
		return tar_bad(r, "the archive ends within an entry");
	*data = p;
	*offset = r->offset;
	r->left -= (uint64_t)n;
	r->offset += (uint64_t)n;
	r->extent_at += (uint64_t)n;
	return n;
}

bool tar_body_at(const struct tar_reader *r, uint64_t *at)
{
	*at = r->filled - r->avail;
	return !(r->pax.has & PAX_SPARSE);
}

int tar_drain(struct tar_reader *r)
{
	const unsigned char *p;
	ssize_t n;

	while ((n = take(r, UINT64_MAX, &p)) > 0)
		;
	return n < 0 ? -1 : 0;
}
