/* codec - decompress in steps of every length; then compress what came out, and get it back. */
#include <string.h>

#include "lib/codec.h"
#include "lib/mem.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 1 << 20 };

/* Decompress all of DATA into OUT with buffers of STEP bytes; the length, or -1. */
static ssize_t unpack(enum codec c, const uint8_t *data, size_t len, size_t step,
		      unsigned char *out)
{
	struct inflate *z = inflate_new(c);
	struct codec_io io = { .out = out };
	size_t done = 0;
	bool ok = true;

	for (bool more = true; ok && more && done < OUT_MAX;) {
		size_t room = OUT_MAX - done < step ? OUT_MAX - done : step;

		if (!io.nin && len) {
			io.nin = len < step ? len : step;
			io.in = data;
			data += io.nin;
			len -= io.nin;
		}
		io.nout = room;
		ok = inflate_step(z, &io) == 0;
		done += room - io.nout;
		more = len || io.nin || !io.nout;
	}
	ok = ok && inflate_is_complete(z);
	inflate_free(z);
	return ok ? (ssize_t)done : -1;
}

/* In two blocks. */
static size_t pack(enum codec c, const unsigned char *data, size_t len, unsigned char *out)
{
	struct deflate *z = deflate_new(c);
	size_t half = len / 2, n = c == CODEC_GZIP ? GZIP_HEAD_BYTES : 0;
	uint32_t crc = gzip_crc(gzip_crc(0, data, half), data + half, len - half);

	if (c == CODEC_GZIP)
		gzip_head(out);
	n += deflate_block(z, data, half, out + n);
	n += deflate_block(z, data + half, len - half, out + n);
	deflate_free(z);
	if (c != CODEC_GZIP)
		return n;
	gzip_tail(crc, len, out + n);
	return n + GZIP_TAIL_BYTES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum codec c = codec_sniff(data, len);
	_free_ unsigned char *a = xmalloc(OUT_MAX), *b = xmalloc(OUT_MAX),
			     *p = xmalloc(3 * OUT_MAX);
	ssize_t n = unpack(c, data, len, 4096, a), m = unpack(c, data, len, 17, b);

	if (n != m || (n > 0 && memcmp(a, b, (size_t)n)))
		abort();
	if (n < 0 || n == OUT_MAX)
		return 0;
	for (c = CODEC_GZIP; c <= CODEC_ZSTD; c++) {
		size_t packed = pack(c, a, (size_t)n, p);

		if (unpack(c, p, packed, 1000, b) != n || memcmp(a, b, (size_t)n))
			abort();
	}
	return 0;
}
