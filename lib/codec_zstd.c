/* codec_zstd.c - zstd by libzstd. */
#include <zstd.h>

#include "lib/codec_backend.h"
#include "lib/die.h"

enum { LEVEL = 1, WINDOW_LOG_MAX = 27 };

static void settle(struct codec_io *io, const ZSTD_inBuffer *in, const ZSTD_outBuffer *out)
{
	io->in += in->pos;
	io->nin -= in->pos;
	io->out += out->pos;
	io->nout -= out->pos;
}

static void *new_inflate(void)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();

	if (!d || ZSTD_isError(ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		diex("out of memory (zstd)");
	return d;
}

static void again(_unused_ void *state)
{
}

static int do_inflate(void *state, struct codec_io *io)
{
	ZSTD_inBuffer in = { io->in, io->nin, 0 };
	ZSTD_outBuffer out = { io->out, io->nout, 0 };
	size_t n;

	do {
		n = ZSTD_decompressStream(state, &out, &in);
		if (ZSTD_isError(n))
			return set_errno(EBADMSG);
	} while (n && in.pos < in.size && out.pos < out.size);
	settle(io, &in, &out);
	return !n;
}

static void end_inflate(void *state)
{
	ZSTD_freeDCtx(state);
}

/* Level 1 makes what is smaller than most gzip makes of it, in two thirds of the usual level's
 * time. */
static void *new_deflate(void)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();

	if (!c || ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1)))
		diex("out of memory (zstd)");
	return c;
}

static size_t do_deflate(void *state, const void *data, size_t len, unsigned char *out)
{
	size_t n = ZSTD_compress2(state, out, ZSTD_compressBound(len), data, len);

	if (ZSTD_isError(n))
		diex("compress a block of %zu bytes: %s", len, ZSTD_getErrorName(n));
	return n;
}

static void end_deflate(void *state)
{
	ZSTD_freeCCtx(state);
}

const struct codec_backend codec_zstd = {
	new_inflate, do_inflate,	 again,	     end_inflate,
	new_deflate, ZSTD_compressBound, do_deflate, end_deflate,
};
