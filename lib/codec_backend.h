/* codec_backend.h - what a compression library provides to codec.c; private to lib/codec*.c.
 *
 * inflate: 1 when a member or frame has ended (what follows is left in the input), 0 when not, -1
 * and EBADMSG. deflate: 1 when LAST and everything is out, else 0, -1 and EIO.
 */
#ifndef LIB_CODEC_BACKEND_H
#define LIB_CODEC_BACKEND_H

#include "lib/codec.h"

struct codec_backend {
	void *(*inflate_new)(void);
	int (*inflate)(void *state, struct codec_io *io);
	void (*inflate_again)(void *state); /* for the next member */
	void (*inflate_free)(void *state);
	/* Not gzip's: see gzip_block. */
	void *(*deflate_new)(void);
	int (*deflate)(void *state, struct codec_io *io, bool last);
	void (*deflate_free)(void *state);
};

extern const struct codec_backend codec_gzip, codec_zstd;

#endif
