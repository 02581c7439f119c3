#include <string.h>

#include "lib/codec_backend.h"
#include "lib/die.h"
#include "lib/mem.h"

/* Where in the input we are: within a member, in front of one, or among the NULs that some writers
 * append. */
enum place { WITHIN, BETWEEN, BEHIND };

struct inflate {
	const struct codec_backend *backend; /* NULL copies */
	void *state;
	enum place place;
	bool begun;
};

struct deflate {
	const struct codec_backend *backend;
	void *state;
};

static const struct codec_backend *backend_of(enum codec c)
{
	return c == CODEC_GZIP ? &codec_gzip : c == CODEC_ZSTD ? &codec_zstd : NULL;
}

/* 1f8b; fd2fb528 and the sixteen skippable frames 184d2a5x, little-endian. */
enum codec codec_sniff(const unsigned char *d, size_t len)
{
	if (len >= 2 && d[0] == 0x1f && d[1] == 0x8b)
		return CODEC_GZIP;
	if (len >= 4 && (!memcmp(d, "\x28\xb5\x2f\xfd", 4) ||
			 ((d[0] & 0xf0) == 0x50 && !memcmp(d + 1, "\x2a\x4d\x18", 3))))
		return CODEC_ZSTD;
	return CODEC_NONE;
}

const char *codec_name(enum codec c)
{
	return c == CODEC_GZIP ? "gzip" : c == CODEC_ZSTD ? "zstd" : "none";
}

static void advance(struct codec_io *io, size_t in, size_t out)
{
	io->in += in;
	io->nin -= in;
	io->out += out;
	io->nout -= out;
}

static int copy(struct codec_io *io)
{
	size_t n = io->nin < io->nout ? io->nin : io->nout;

	if (n)
		memcpy(io->out, io->in, n);
	advance(io, n, n);
	return 0;
}

struct inflate *inflate_new(enum codec c)
{
	struct inflate *z = xcalloc(1, sizeof(*z));

	z->backend = backend_of(c);
	z->place = BETWEEN;
	if (z->backend)
		z->state = z->backend->inflate_new();
	return z;
}

void inflate_free(struct inflate *z)
{
	if (z && z->backend)
		z->backend->inflate_free(z->state);
	free(z);
}

bool inflate_is_complete(const struct inflate *z)
{
	return !z->backend || (z->begun && z->place != WITHIN);
}

/* In front of a member: begin it, or find that the rest is padding. */
static void begin(struct inflate *z, const struct codec_io *io)
{
	if (z->begun && !io->in[0]) {
		z->place = BEHIND;
		return;
	}
	if (z->begun)
		z->backend->inflate_again(z->state);
	z->begun = true;
	z->place = WITHIN;
}

static int skip_nuls(struct codec_io *io)
{
	while (io->nin && !io->in[0])
		advance(io, 1, 0);
	return io->nin ? set_errno(EBADMSG) : 0;
}

int inflate_step(struct inflate *z, struct codec_io *io)
{
	if (!z->backend)
		return copy(io);
	for (;;) {
		if (z->place == BETWEEN && io->nin)
			begin(z, io);
		if (z->place == BEHIND)
			return skip_nuls(io);
		if (z->place == BETWEEN)
			return 0;

		int n = z->backend->inflate(z->state, io);

		if (n <= 0)
			return n;
		z->place = BETWEEN;
		if (!io->nin || !io->nout)
			return 0;
	}
}

static const struct codec_backend *compressor(enum codec c)
{
	const struct codec_backend *b = backend_of(c);

	if (!b)
		diex("compress: not with '%s'", codec_name(c));
	return b;
}

struct deflate *deflate_new(enum codec c)
{
	struct deflate *z = xcalloc(1, sizeof(*z));

	z->backend = compressor(c);
	z->state = z->backend->deflate_new();
	return z;
}

void deflate_free(struct deflate *z)
{
	if (z)
		z->backend->deflate_free(z->state);
	free(z);
}

size_t deflate_room(enum codec c, size_t len)
{
	return compressor(c)->deflate_room(len);
}

size_t deflate_block(struct deflate *z, const void *data, size_t len, unsigned char *out)
{
	return z->backend->deflate(z->state, data, len, out);
}

/* No name, no time, no system. */
void gzip_head(unsigned char out[GZIP_HEAD_BYTES])
{
	memcpy(out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", GZIP_HEAD_BYTES);
}

static void put_le32(unsigned char *out, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(n >> 8 * i);
}

/* An empty block that is the last, then checksum and length. */
void gzip_tail(uint32_t crc, uint64_t len, unsigned char out[GZIP_TAIL_BYTES])
{
	out[0] = 3;
	out[1] = 0;
	put_le32(out + 2, crc);
	put_le32(out + 6, (uint32_t)len);
}
