/* codec_zlib.c - gzip by zlib, where ISA-L is not to be had. */
#include <zlib.h>

#include "lib/codec_backend.h"
#include "lib/die.h"
#include "lib/mem.h"

enum { GZIP_WINDOW = 15 + 16, RAW_WINDOW = -15, LEVEL = 6, MEMORY = 8 };

static unsigned clamp(size_t n)
{
	return n < INT32_MAX ? (unsigned)n : INT32_MAX;
}

static void load(z_stream *s, const struct codec_io *io)
{
	s->next_in = (Bytef *)io->in;
	s->avail_in = clamp(io->nin);
	s->next_out = io->out;
	s->avail_out = clamp(io->nout);
}

static void settle(const z_stream *s, struct codec_io *io)
{
	io->nin -= (size_t)(s->next_in - io->in);
	io->nout -= (size_t)(s->next_out - io->out);
	io->in = s->next_in;
	io->out = s->next_out;
}

static void again(void *state)
{
	inflateReset(state);
}

static void *new_inflate(void)
{
	z_stream *s = xcalloc(1, sizeof(*s));

	if (inflateInit2(s, GZIP_WINDOW) != Z_OK)
		diex("out of memory (zlib)");
	return s;
}

static int do_inflate(void *state, struct codec_io *io)
{
	z_stream *s = state;

	load(s, io);

	int n = inflate(s, Z_NO_FLUSH);

	settle(s, io);
	if (n != Z_OK && n != Z_STREAM_END &&
	    n != Z_BUF_ERROR) /* the last only says that nothing could be done */
		return set_errno(EBADMSG);
	return n == Z_STREAM_END;
}

static void end_inflate(void *state)
{
	inflateEnd(state);
	free(state);
}

const struct codec_backend codec_gzip = {
	.inflate_new = new_inflate,
	.inflate = do_inflate,
	.inflate_again = again,
	.inflate_free = end_inflate,
};

struct gzip {
	z_stream stream;
};

struct gzip *gzip_new(void)
{
	struct gzip *z = xcalloc(1, sizeof(*z));

	if (deflateInit2(&z->stream, LEVEL, Z_DEFLATED, RAW_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		diex("out of memory (zlib)");
	return z;
}

void gzip_free(struct gzip *z)
{
	if (z)
		deflateEnd(&z->stream);
	free(z);
}

size_t gzip_block(struct gzip *z, const void *data, size_t len, unsigned char *out)
{
	size_t room = gzip_room(len);

	deflateReset(&z->stream);
	z->stream.next_in = (Bytef *)data;
	z->stream.avail_in = (unsigned)len;
	z->stream.next_out = out;
	z->stream.avail_out = (unsigned)room;
	if (deflate(&z->stream, Z_FULL_FLUSH) != Z_OK || z->stream.avail_in || !z->stream.avail_out)
		diex("compress a block of %zu bytes", len);
	return room - z->stream.avail_out;
}

uint32_t gzip_crc(uint32_t crc, const void *data, size_t len)
{
	return (uint32_t)crc32_z(crc, data, len);
}
