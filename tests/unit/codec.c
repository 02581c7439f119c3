#include <stdlib.h>
#include <string.h>

#include "lib/codec.h"
#include "lib/mem.h"
#include "tests/unit/tap.h"

enum { LEN = 300000, ROOM = 400000 };

/* Something that compresses, but not to nothing. */
static void make_input(unsigned char *data)
{
	uint32_t x = 1;

	for (size_t i = 0; i < LEN; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (unsigned char)(x >> 29);
	}
}

/* Each block by another compressor. */
static size_t pack(enum codec c, const unsigned char *data, size_t step, unsigned char *out)
{
	unsigned char *p = out;
	uint32_t crc = 0;

	if (c == CODEC_GZIP) {
		gzip_head(p);
		p += GZIP_HEAD_BYTES;
	}
	for (size_t at = 0; at < LEN; at += step) {
		struct deflate *z = deflate_new(c);
		size_t n = LEN - at < step ? LEN - at : step, room = deflate_room(c, n), len;
		_free_ unsigned char *block = xmalloc(room);

		len = deflate_block(z, data + at, n, block);
		crc = gzip_crc(crc, data + at, n);
		deflate_free(z);
		expect(len < room && len < ROOM - (size_t)(p - out));
		memcpy(p, block, len);
		p += len;
	}
	if (c == CODEC_GZIP) {
		gzip_tail(crc, LEN, p);
		p += GZIP_TAIL_BYTES;
	}
	return (size_t)(p - out);
}

/* Returns the bytes that came out, -1 when broken, -2 when truncated. */
static ssize_t unpack(enum codec c, const unsigned char *data, size_t len, unsigned char *out)
{
	struct inflate *z = inflate_new(c);
	struct codec_io io = { .in = data, .nin = len, .out = out, .nout = ROOM };
	int n = 0;

	while (!n && io.nin)
		n = inflate_step(z, &io);

	ssize_t result = n ? -1 : inflate_is_complete(z) ? (ssize_t)(ROOM - io.nout) : -2;

	inflate_free(z);
	return result;
}

static void test_round_trip(void)
{
	_free_ unsigned char *data = xmalloc(LEN), *packed = xmalloc(ROOM), *again = xmalloc(ROOM),
			     *out = xmalloc(ROOM);

	make_input(data);
	for (enum codec c = CODEC_GZIP; c <= CODEC_ZSTD; c++) {
		size_t n = pack(c, data, 65536, packed);

		expect_int(codec_sniff(packed, n), c);
		expect_int(unpack(c, packed, n, out), LEN);
		expect_int(memcmp(out, data, LEN), 0);
		expect_int(pack(c, data, 65536, again), n);
		expect_int(memcmp(again, packed, n), 0);
	}
}

static void test_members_padding_and_junk(void)
{
	_free_ unsigned char *data = xmalloc(LEN), *packed = xcalloc(3, ROOM), *out = xmalloc(ROOM);

	make_input(data);
	memset(data + 100000, 0, LEN - 100000);
	for (enum codec c = CODEC_GZIP; c <= CODEC_ZSTD; c++) {
		size_t n = pack(c, data, LEN, packed);

		expect_int(unpack(c, packed, n - 1, out), -2);
		expect_int(unpack(c, packed, n + 0, out), LEN);
		memset(packed + n, 0, 100);
		expect_int(unpack(c, packed, n + 100, out), LEN);
		packed[n + 99] = 1;
		expect_int(unpack(c, packed, n + 100, out), -1);
		packed[n] = 'j';
		expect_int(unpack(c, packed, n + 100, out), -1);
		packed[n / 2] ^= 0xff;
		expect(unpack(c, packed, n, out) < 0);
	}
}

static void test_nothing_is_no_stream(void)
{
	unsigned char out[1];

	expect_int(unpack(CODEC_NONE, NULL, 0, out), 0);
	expect_int(unpack(CODEC_GZIP, NULL, 0, out), -2);
	expect_int(unpack(CODEC_ZSTD, NULL, 0, out), -2);
}

static void test_sniff(void)
{
	expect_int(codec_sniff((const unsigned char *)"\x1f\x8b", 2), CODEC_GZIP);
	expect_int(codec_sniff((const unsigned char *)"\x28\xb5\x2f\xfd", 4), CODEC_ZSTD);
	expect_int(codec_sniff((const unsigned char *)"\x5f\x2a\x4d\x18", 4), CODEC_ZSTD);
	expect_int(codec_sniff((const unsigned char *)"\x60\x2a\x4d\x18", 4), CODEC_NONE);
	expect_int(codec_sniff((const unsigned char *)"\x28\xb5\x2f", 3), CODEC_NONE);
	expect_int(codec_sniff((const unsigned char *)"", 0), CODEC_NONE);
}

/* Whatever states there are, wherever in memory they are and whatever they have compressed before:
 * the same block, the same bytes. What is at the start of the block returns later, to be found
 * again. */
static void test_a_block_depends_on_its_data_alone(void)
{
	enum { BLOCKS = 20000, BYTES = 300, AGAIN = 100 };
	size_t differ = 0;
	unsigned seed = 1;

	for (enum codec c = CODEC_GZIP; c <= CODEC_ZSTD; c++) {
		struct deflate *z[2] = { deflate_new(c), deflate_new(c) };
		size_t room = deflate_room(c, BYTES);
		_free_ unsigned char *a = xmalloc(room), *b = xmalloc(room);
		unsigned char block[BYTES];

		for (int i = 0; i < BLOCKS; i++) {
			for (size_t at = 0; at < BYTES; at++)
				block[at] = (unsigned char)("0123456789abcdef"[rand_r(&seed) % 16]);
			memcpy(block + AGAIN, block, 8);

			size_t n = deflate_block(z[0], block, BYTES, a);

			if (i % 3) /* the other has seen something else */
				differ += deflate_block(z[1], block, BYTES, b) != n ||
					  memcmp(a, b, n) != 0;
		}
		deflate_free(z[0]);
		deflate_free(z[1]);
	}
	expect_int(differ, 0);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_round_trip),
		TEST(test_members_padding_and_junk),
		TEST(test_nothing_is_no_stream),
		TEST(test_sniff),
		TEST(test_a_block_depends_on_its_data_alone),
		{ 0 },
	};

	return tap_run(tests);
}
