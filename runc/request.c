#include <string.h>

#include "runc/request.h"

/* Wire types. */
enum { VARINT = 0, BYTES = 2, TYPE_BITS = 3 };
enum { VARINT_BITS = 7, VARINT_MORE = 0x80 };

static void add_varint(struct buf *b, uint64_t n)
{
	for (; n >= VARINT_MORE; n >>= VARINT_BITS)
		buf_addc(b, (char)(unsigned char)(n | VARINT_MORE));
	buf_addc(b, (char)n);
}

void request_add_u64(struct buf *b, unsigned int field, uint64_t value)
{
	add_varint(b, (uint64_t)field << TYPE_BITS | VARINT);
	add_varint(b, value);
}

static void add_bytes(struct buf *b, unsigned int field, const char *data, size_t len)
{
	add_varint(b, (uint64_t)field << TYPE_BITS | BYTES);
	add_varint(b, len);
	buf_add(b, data, len);
}

void request_add_str(struct buf *b, unsigned int field, const char *s)
{
	if (s && *s)
		add_bytes(b, field, s, strlen(s));
}

void request_add_bool(struct buf *b, unsigned int field, bool on)
{
	if (on)
		request_add_u64(b, field, 1);
}

void request_add_msg(struct buf *b, unsigned int field, const struct buf *msg)
{
	add_bytes(b, field, buf_str(msg), msg->len);
}
