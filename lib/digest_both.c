/* digest_both.c - two hashes at a time. One hash waits for its own last step most of the time, on
 * every processor with instructions for it; a second one fits into the gaps. SHA-256 is that of
 * FIPS 180-4; how the instructions want their operands is said with each in Intel's Software
 * Developer's Manual. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "lib/digest.h"

enum { BLOCK = 64 };

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

#define SHA_NI __attribute__((target("sha,sse4.1")))

/* FIPS 180-4, 4.2.2. */
static const uint32_t k[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static bool has_instructions(void)
{
	static atomic_int answer; /* 0: not asked yet */
	unsigned a, b = 0, c = 0, d;

	if (!answer) {
		if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) ||
		    !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA))
			answer = -1;
		else
			answer = 1;
	}
	return answer > 0;
}

/* The eight words of the state, in the order of the instructions. */
struct words {
	__m128i abef, cdgh;
};

SHA_NI static inline struct words load(const uint32_t h[8])
{
	__m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h), 0xb1);
	__m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(h + 4)), 0x1b);

	return (struct words){ _mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0) };
}

SHA_NI static inline void store(struct words s, uint32_t h[8])
{
	__m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)h, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(h + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Words 4 I to 4 I + 3 of the message schedule; W has the sixteen before them. */
SHA_NI static inline __m128i schedule(const __m128i w[4], int i, const unsigned char *block)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i sum;

	if (i < 4)
		return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)block + i), big_endian);
	sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]),
			    _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
	return _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
}

SHA_NI static inline void four_rounds(struct words *s, __m128i w, int i)
{
	__m128i wk = _mm_add_epi32(w, _mm_load_si128((const __m128i *)k + i));

	s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
	s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

SHA_NI static void hash_blocks(uint32_t *h[2], const unsigned char *data[2], size_t n)
{
	struct words s[2] = { load(h[0]), load(h[1]) };

	for (size_t at = 0; at < n * BLOCK; at += BLOCK) {
		const struct words old[2] = { s[0], s[1] };
		__m128i w[2][4];

#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			w[0][i % 4] = schedule(w[0], i, data[0] + at);
			four_rounds(&s[0], w[0][i % 4], i);
			w[1][i % 4] = schedule(w[1], i, data[1] + at);
			four_rounds(&s[1], w[1][i % 4], i);
		}
		for (int l = 0; l < 2; l++) {
			s[l].abef = _mm_add_epi32(s[l].abef, old[l].abef);
			s[l].cdgh = _mm_add_epi32(s[l].cdgh, old[l].cdgh);
		}
	}
	store(s[0], h[0]);
	store(s[1], h[1]);
}

#else

static bool has_instructions(void)
{
	return false;
}

static void hash_blocks(_unused_ uint32_t *h[2], _unused_ const unsigned char *data[2],
			_unused_ size_t n)
{
}

#endif

/* One of the two: what is still to be added to its hash. */
struct rest {
	SHA256_CTX *c;
	const unsigned char *data;
	size_t len;
};

static void add(struct rest *r, size_t len)
{
	if (!len)
		return;
	SHA256_Update(r->c, r->data, len);
	r->data += len;
	r->len -= len;
}

/* Until no part of a block is left over, or nothing. */
static void fill_block(struct rest *r)
{
	size_t room = r->c->num ? BLOCK - r->c->num : 0;

	add(r, r->len < room ? r->len : room);
}

/* SHA256_Update's own count, in bits. */
static void skip(struct rest *r, size_t len)
{
	uint64_t bits = ((uint64_t)r->c->Nh << 32 | r->c->Nl) + ((uint64_t)len << 3);

	r->c->Nl = (SHA_LONG)bits;
	r->c->Nh = (SHA_LONG)(bits >> 32);
	r->data += len;
	r->len -= len;
}

static void add_blocks(struct rest r[2])
{
	size_t n = (r[0].len < r[1].len ? r[0].len : r[1].len) / BLOCK;
	uint32_t *h[2] = { r[0].c->h, r[1].c->h };
	const unsigned char *data[2] = { r[0].data, r[1].data };

	if (!n || r[0].c->num || r[1].c->num)
		return;
	hash_blocks(h, data, n);
	skip(&r[0], n * BLOCK);
	skip(&r[1], n * BLOCK);
}

void digest_add_both(struct digest_state *a, const void *x, size_t nx, struct digest_state *b,
		     const void *y, size_t ny)
{
	struct rest r[2] = { { (SHA256_CTX *)a->opaque, x, nx },
			     { (SHA256_CTX *)b->opaque, y, ny } };

	if (has_instructions()) {
		fill_block(&r[0]);
		fill_block(&r[1]);
		add_blocks(r);
	}
	add(&r[0], r[0].len);
	add(&r[1], r[1].len);
}
