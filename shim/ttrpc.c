/* ttrpc.c - frames in and out of a stream. */
#include <endian.h>
#include <string.h>

#include "shim/ttrpc.h"

enum { READ_AT_ONCE = 16 * 1024, KEEP = 64 * 1024 };

static const struct pb_field pair_fields[] = {
	{ 1, PB_STR, offsetof(struct ttrpc_pair, key), NULL },
	{ 2, PB_STR, offsetof(struct ttrpc_pair, value), NULL },
	{ 0 },
};
static const struct pb_schema pair = { sizeof(struct ttrpc_pair), pair_fields };

static const struct pb_field request_fields[] = {
	{ 1, PB_STR, offsetof(struct ttrpc_request, service), NULL },
	{ 2, PB_STR, offsetof(struct ttrpc_request, method), NULL },
	{ 3, PB_BYTES, offsetof(struct ttrpc_request, payload), NULL },
	{ 4, PB_I64, offsetof(struct ttrpc_request, timeout_ns), NULL },
	{ 5, PB_LIST, offsetof(struct ttrpc_request, metadata), &pair },
	{ 0 },
};
const struct pb_schema ttrpc_request = { sizeof(struct ttrpc_request), request_fields };

static const struct pb_field status_fields[] = {
	{ 1, PB_I32, offsetof(struct ttrpc_status, code), NULL },
	{ 2, PB_STR, offsetof(struct ttrpc_status, message), NULL },
	{ 0 },
};
static const struct pb_schema status = { sizeof(struct ttrpc_status), status_fields };

static const struct pb_field response_fields[] = {
	{ 1, PB_MSG, offsetof(struct ttrpc_response, status), &status },
	{ 2, PB_BYTES, offsetof(struct ttrpc_response, payload), NULL },
	{ 0 },
};
const struct pb_schema ttrpc_response = { sizeof(struct ttrpc_response), response_fields };

static void drop_used(struct ttrpc_reader *r)
{
	size_t left = r->in.len - r->used;

	if (!r->used)
		return;
	memmove(r->in.data, r->in.data + r->used, left);
	r->in.len = left;
	r->used = 0;
	if (!left && r->in.cap > KEEP)
		buf_free(&r->in);
}

ssize_t ttrpc_fill(struct ttrpc_reader *r, int fd)
{
	ssize_t n;

	drop_used(r);
	n = read(fd, buf_room(&r->in, READ_AT_ONCE), READ_AT_ONCE);
	if (n > 0)
		r->in.len += (size_t)n;
	return n;
}

static void skip(struct ttrpc_reader *r)
{
	size_t left = r->in.len - r->used, n = left < r->skip ? left : r->skip;

	r->used += n;
	r->skip -= (uint32_t)n;
}

static uint32_t get_u32(const char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return be32toh(n);
}

bool ttrpc_next(struct ttrpc_reader *r, struct ttrpc_frame *f)
{
	const char *p;

	skip(r);
	if (r->in.len - r->used < TTRPC_HEADER)
		return false;
	p = r->in.data + r->used;
	*f = (struct ttrpc_frame){ .len = get_u32(p),
				   .stream = get_u32(p + 4),
				   .type = (uint8_t)p[8],
				   .flags = (uint8_t)p[9] };
	f->too_long = f->len > TTRPC_MAX;
	if (f->too_long)
		r->skip = f->len;
	else if (r->in.len - r->used - TTRPC_HEADER < f->len)
		return false;
	else
		f->data = p + TTRPC_HEADER;
	r->used += TTRPC_HEADER + (f->too_long ? 0 : f->len);
	return true;
}

void ttrpc_reader_free(struct ttrpc_reader *r)
{
	buf_free(&r->in);
	*r = (struct ttrpc_reader){ .used = 0 };
}

void ttrpc_put(struct buf *out, uint32_t stream, uint8_t type, const void *data, size_t len)
{
	uint32_t header[2] = { htobe32((uint32_t)len), htobe32(stream) };

	buf_add(out, header, sizeof(header));
	buf_addc(out, (char)type);
	buf_addc(out, 0);
	buf_add(out, data, len);
}
