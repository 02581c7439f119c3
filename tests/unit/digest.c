#include <fcntl.h>
#include <stdlib.h>

#include "lib/digest.h"
#include "lib/io.h"
#include "tests/unit/tap.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_digest_of_known_answers(void)
{
	struct digest d;

	digest_of("", 0, &d);
	expect_str(d.text, EMPTY);
	digest_of("abc", 3, &d);
	expect_str(d.text, ABC);
	expect_str(digest_hex(&d), ABC + 7);
}

static void test_digest_state_forks(void)
{
	struct digest_state a, b;
	struct digest d;

	digest_start(&a);
	digest_add(&a, "a", 1);
	b = a;
	digest_add(&a, "xyz", 3);
	digest_add(&b, "bc", 2);
	digest_end(&b, &d);
	expect_str(d.text, ABC);
}

/* Two at once, in pieces of any length, are what they are one after the other. */
static void test_digest_add_both(void)
{
	enum { MAX = 700 };
	unsigned char data[2 * MAX];
	unsigned seed = 1;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)rand_r(&seed);
	for (int round = 0; round < 3000; round++) {
		struct digest_state both[2], one[2];
		struct digest d, want;

		for (int i = 0; i < 2; i++) {
			digest_start(&both[i]);
			digest_start(&one[i]);
		}
		for (int piece = 0; piece < 4; piece++) {
			size_t n[2], at[2];

			for (int i = 0; i < 2; i++) {
				n[i] = (size_t)rand_r(&seed) % (round % 3 ? MAX : 80);
				at[i] = (size_t)rand_r(&seed) % MAX;
				digest_add(&one[i], data + at[i], n[i]);
			}
			digest_add_both(&both[0], data + at[0], n[0], &both[1], data + at[1], n[1]);
		}
		for (int i = 0; i < 2; i++) {
			digest_end(&both[i], &d);
			digest_end(&one[i], &want);
			expect_str(d.text, want.text);
		}
	}
}

/* The count of bits goes beyond 32. */
static void test_digest_add_both_counts(void)
{
	enum { LEN = 1 << 20, TIMES = 600 };
	unsigned char *data = calloc(1, LEN);
	struct digest_state a, b, c;
	struct digest d, want;

	digest_start(&a);
	digest_start(&b);
	digest_start(&c);
	for (int i = 0; i < TIMES; i++) {
		digest_add_both(&a, data, LEN, &b, data, LEN);
		digest_add(&c, data, LEN);
	}
	digest_end(&a, &d);
	digest_end(&c, &want);
	expect_str(d.text, want.text);
	digest_end(&b, &d);
	expect_str(d.text, want.text);
	free(data);
}

static void test_digest_of_fd_counts(void)
{
	int dirfd;
	struct digest d;

	tap_dir(&dirfd);
	expect_int(file_replace(dirfd, "f", 0600, "abc", 3, false), 0);

	_close_ int fd = openat(dirfd, "f", O_RDONLY);

	expect_int(digest_of_fd(fd, &d), 3);
	expect_str(d.text, ABC);
	expect_errno(digest_of_fd(-1, &d), EBADF);
	close(dirfd);
}

static void test_digest_parse_one_form(void)
{
	static const char *const malformed[] = {
		"",
		"sha256",
		"sha256:",
		ABC "0",
		"sha256:abc",
		"SHA256:" EMPTY,
		" " ABC,
		ABC "\n",
		"sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
		"sha256:../../../../../../../../../../../../../../../../../../../../../../etc/p",
		"../x:y",
		"sha512:",
		"sha512:a/b",
		":abc",
		"a..b:c",
		"+a:b",
	};
	static const char *const foreign[] = { "sha512:abc", "blake3:0123", "a+b.c_d-e:A=_-" };
	struct digest d;

	expect_int(digest_parse(ABC, &d), 0);
	expect_str(d.text, ABC);
	for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
		expect_errno(digest_parse(malformed[i], &d), EINVAL);
		expect(!digest_is_valid(malformed[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		expect_errno(digest_parse(foreign[i], &d), ENOTSUP);
	expect_str(d.text, ABC);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_digest_of_known_answers),
		TEST(test_digest_state_forks),
		TEST(test_digest_add_both),
		TEST(test_digest_add_both_counts),
		TEST(test_digest_of_fd_counts),
		TEST(test_digest_parse_one_form),
		{ 0 },
	};

	return tap_run(tests);
}
