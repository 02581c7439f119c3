/* codec_isal.c - gzip by Intel's ISA-L: four times zlib's speed at inflating, fifteen at deflating
 * (level 1). */
#include <isa-l/igzip_lib.h>
#include <string.h>

#include "lib/codec_backend.h"
#include "lib/mem.h"

/* ISA-L counts in 32 bits; our buffers are far smaller, but a caller's need not be. */
static uint32_t clamp(size_t n)
{
	return n < INT32_MAX ? (uint32_t)n : INT32_MAX;
}

static void settle(struct codec_io *io, uint32_t in_left, uint32_t in, uint32_t out_left,
		   uint32_t out)
{
	io->in += in - in_left;
	io->nin -= in - in_left;
	io->out += out - out_left;
	io->nout -= out - out_left;
}

static void again(void *state)
{
	struct inflate_state *s = state;

	isal_inflate_reset(s);
	s->crc_flag = ISAL_GZIP;
}

static void *new_inflate(void)
{
	struct inflate_state *s = xmalloc(sizeof(*s));

	isal_inflate_init(s);
	s->crc_flag = ISAL_GZIP;
	return s;
}

static int do_inflate(void *state, struct codec_io *io)
{
	struct inflate_state *s = state;
	uint32_t in = clamp(io->nin), out = clamp(io->nout);

	s->next_in = (uint8_t *)io->in;
	s->avail_in = in;
	s->next_out = io->out;
	s->avail_out = out;

	int n = isal_inflate(s);

	settle(io, s->avail_in, in, s->avail_out, out);
	if (n != ISAL_DECOMP_OK && n != ISAL_END_INPUT)
		return set_errno(EBADMSG);
	return s->block_state == ISAL_BLOCK_FINISH;
}

struct deflate_state {
	struct isal_zstream stream;
	uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
};

static void *new_deflate(void)
{
	struct deflate_state *s = xmalloc(sizeof(*s));

	isal_deflate_init(&s->stream);
	s->stream.level = 1;
	s->stream.level_buf = s->level_buf;
	s->stream.level_buf_size = sizeof(s->level_buf);
	s->stream.gzip_flag = IGZIP_GZIP; /* no name, no time */
	return s;
}

static int do_deflate(void *state, struct codec_io *io, bool last)
{
	struct deflate_state *s = state;
	uint32_t in = clamp(io->nin), out = clamp(io->nout);

	s->stream.next_in = (uint8_t *)io->in;
	s->stream.avail_in = in;
	s->stream.next_out = io->out;
	s->stream.avail_out = out;
	s->stream.end_of_stream = last && in == io->nin;
	if (isal_deflate(&s->stream) != COMP_OK)
		return set_errno(EIO);
	settle(io, s->stream.avail_in, in, s->stream.avail_out, out);
	return s->stream.internal_state.state == ZSTATE_END;
}

const struct codec_backend codec_gzip = {
	new_inflate, do_inflate, again, free, new_deflate, do_deflate, free,
};
