/* codec.h - gzip and zstd as streams, both ways; what image layers are compressed with.
 *
 * A step moves bytes from IO's input to its output and advances both; it stops when the input is
 * used up or the output is full, so a step that leaves room in the output has nothing more to say
 * about the input so far. Failure: -1 and EBADMSG (the stream is broken).
 */
#ifndef LIB_CODEC_H
#define LIB_CODEC_H

#include "lib/base.h"

enum codec { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD };

struct codec_io {
	const unsigned char *in;
	size_t nin;
	unsigned char *out;
	size_t nout;
};

/* What a stream that begins with these bytes is; four are enough. */
enum codec codec_sniff(const unsigned char *data, size_t len);
/* "gzip", "zstd", "none". */
const char *codec_name(enum codec c);

struct inflate;

/* Decompress every gzip member and zstd frame of the input (frames are limited to a 128 MiB
 * window); NULs behind the last are ignored, anything else is an error. Never fails; the caller
 * frees. */
struct inflate *inflate_new(enum codec c);
_check_ int inflate_step(struct inflate *z, struct codec_io *io);
/* The input may end here: no member is unfinished. */
bool inflate_is_complete(const struct inflate *z);
void inflate_free(struct inflate *z);

/* Compression in blocks, so that threads can share the work: each is compressed by itself, and in
 * order they are one stream: zstd's frames, or, behind the head and before the tail, a member of
 * gzip (RFC 1952). The same block gives the same bytes, whoever compresses it.
 */
enum { GZIP_HEAD_BYTES = 10, GZIP_TAIL_BYTES = 10 };

void gzip_head(unsigned char out[GZIP_HEAD_BYTES]);
/* For LEN bytes in all, whose checksum is CRC. */
void gzip_tail(uint32_t crc, uint64_t len, unsigned char out[GZIP_TAIL_BYTES]);
/* The checksum of what has CRC (of nothing: 0) and DATA behind it. */
uint32_t gzip_crc(uint32_t crc, const void *data, size_t len);

/* What one thread compresses with; not for CODEC_NONE. Never fails; the caller frees. */
struct deflate;
struct deflate *deflate_new(enum codec c);
void deflate_free(struct deflate *z);
/* The room that LEN bytes (at most INT32_MAX / 4) may take. */
size_t deflate_room(enum codec c, size_t len);
/* DATA into OUT, which has that room; returns how much it took. */
size_t deflate_block(struct deflate *z, const void *data, size_t len, unsigned char *out);

#endif
