/* codec_backend.h - what a compression library provides to codec.c; private to lib/codec*.c.
 *
 * inflate: 1 when a member or frame has ended (what follows is left in the input), 0 when not, -1
 * and EBADMSG. deflate: a block, see deflate_block.
 */
#ifndef LIB_CODEC_BACKEND_H
#define LIB_CODEC_BACKEND_H

#include "lib/codec.h"

struct codec_backend {
	void *(*inflate_new)(void);
	int (*inflate)(void *state, struct codec_io *io);
	void (*inflate_again)(void *state); /* for the next member */
	void (*inflate_free)(void *state);
	void *(*deflate_new)(void);
	size_t (*deflate_room)(size_t len);
	size_t (*deflate)(void *state, const void *data, size_t len, unsigned char *out);
	void (*deflate_free)(void *state);
};

extern const struct codec_backend codec_gzip, codec_zstd;

#endif
