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

static void *new_deflate(void)
{
	z_stream *s = xcalloc(1, sizeof(*s));

	if (deflateInit2(s, LEVEL, Z_DEFLATED, RAW_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		diex("out of memory (zlib)");
	return s;
}

static size_t room_for(size_t len)
{
	return 2 * len + 4096;
}

static size_t do_deflate(void *state, const void *data, size_t len, unsigned char *out)
{
	z_stream *s = state;
	size_t room = room_for(len);

	deflateReset(s);
	s->next_in = (Bytef *)data;
	s->avail_in = (unsigned)len;
	s->next_out = out;
	s->avail_out = (unsigned)room;
	if (deflate(s, Z_FULL_FLUSH) != Z_OK || s->avail_in || !s->avail_out)
		diex("compress a block of %zu bytes", len);
	return room - s->avail_out;
}

static void end_deflate(void *state)
{
	deflateEnd(state);
	free(state);
}

const struct codec_backend codec_gzip = {
	.inflate_new = new_inflate,
	.inflate = do_inflate,
	.inflate_again = again,
	.inflate_free = end_inflate,
	.deflate_new = new_deflate,
	.deflate_room = room_for,
	.deflate = do_deflate,
	.deflate_free = end_deflate,
};

uint32_t gzip_crc(uint32_t crc, const void *data, size_t len)
{
	return (uint32_t)crc32_z(crc, data, len);
}
