/* codec_isal.c - gzip by Intel's ISA-L: four times zlib's speed at inflating, fifteen at deflating
 * (level 1). */
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <string.h>

#include "lib/codec_backend.h"
#include "lib/die.h"
#include "lib/mem.h"

/* ISA-L leaves something in the upper parts of the vector registers. As long as it is there, code
 * that knows the lower parts only, which SHA-256's is, has to keep it and waits for itself: one
 * hash takes a third longer, two at once three times as long. */
#if defined(__x86_64__)
__attribute__((target("avx"))) static void clear_avx(void)
{
	_mm256_zeroupper();
}

static void clear_registers(void)
{
	if (__builtin_cpu_supports("avx"))
		clear_avx();
}
#else
static void clear_registers(void)
{
}
#endif

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

	clear_registers();
	settle(io, s->avail_in, in, s->avail_out, out);
	if (n != ISAL_DECOMP_OK && n != ISAL_END_INPUT)
		return set_errno(EBADMSG);
	return s->block_state == ISAL_BLOCK_FINISH;
}

/* Few enough for the loop for short input. */
enum { AHEAD_BYTES = 16 };

struct compressor {
	struct isal_zstream stream;
	uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
};

static void *new_deflate(void)
{
	struct compressor *z = xmalloc(sizeof(*z));

	isal_deflate_init(&z->stream);
	z->stream.level = 1;
	z->stream.level_buf = z->level_buf;
	z->stream.level_buf_size = sizeof(z->level_buf);
	return z;
}

static size_t room_for(size_t len)
{
	return 2 * len + 4096;
}

static void deflate_all(struct compressor *z, const unsigned char *data, size_t len, uint16_t flush)
{
	z->stream.next_in = (uint8_t *)data;
	z->stream.avail_in = (uint32_t)len;
	z->stream.flush = flush;
	if (isal_deflate(&z->stream) != COMP_OK || z->stream.avail_in || !z->stream.avail_out)
		diex("compress a block of %zu bytes", len);
}

/* A few bytes go ahead. At a start the loop for longer input hashes the address of its state in
 * place of the third byte (ISA-L up to 2.30 at least: write_first_byte of
 * igzip_icf_body_h1_gr_bt.asm uses rcx before setting it), so that one block in some thousands
 * would come out in two ways. */
static size_t do_deflate(void *state, const void *data, size_t len, unsigned char *out)
{
	struct compressor *z = state;
	size_t room = room_for(len), ahead = len > AHEAD_BYTES ? AHEAD_BYTES : 0;

	isal_deflate_reset(&z->stream);
	z->stream.next_out = out;
	z->stream.avail_out = (uint32_t)room;
	if (ahead)
		deflate_all(z, data, ahead, SYNC_FLUSH);
	deflate_all(z, (const unsigned char *)data + ahead, len - ahead, FULL_FLUSH);
	clear_registers();
	return room - z->stream.avail_out;
}

const struct codec_backend codec_gzip = {
	.inflate_new = new_inflate,
	.inflate = do_inflate,
	.inflate_again = again,
	.inflate_free = free,
	.deflate_new = new_deflate,
	.deflate_room = room_for,
	.deflate = do_deflate,
	.deflate_free = free,
};

uint32_t gzip_crc(uint32_t crc, const void *data, size_t len)
{
	crc = crc32_gzip_refl(crc, data, len);
	clear_registers();
	return crc;
}
