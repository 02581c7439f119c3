#include <string.h>

#include "lib/buf.h"
#include "lib/tar.h"
#include "lib/tar_header.h"
#include "tests/unit/tap.h"

/* An archive in memory, handed out in runs of STEP bytes. */
struct archive {
	struct buf bytes;
	size_t at, step;
};

static int put(void *ctx, const void *data, size_t len)
{
	struct archive *a = ctx;

	buf_add(&a->bytes, data, len);
	return 0;
}

static ssize_t fill(void *ctx, const unsigned char **data)
{
	struct archive *a = ctx;
	size_t left = a->bytes.len - a->at, n = left < a->step ? left : a->step;

	*data = (const unsigned char *)a->bytes.data + a->at;
	a->at += n;
	return (ssize_t)n;
}

static char long_name[300], long_link[300];

static void write_archive(struct archive *a)
{
	static struct tar_xattr xattrs[] = { { "user.z", "\0\n=", 3 }, { "user.a", "v", 1 } };
	const struct tar_entry entries[] = {
		{ .type = TAR_DIR, .path = "dir", .mode = 01777, .mtime.tv_sec = -5 },
		{ .type = TAR_FILE,
		  .path = long_name,
		  .mode = 04755,
		  .uid = 3000000,
		  .gid = 4294967294,
		  .size = 700,
		  .mtime.tv_sec = 1LL << 40,
		  .xattrs = xattrs,
		  .nxattrs = 2 },
		{ .type = TAR_SYMLINK, .path = "s", .link = long_link },
		{ .type = TAR_CHAR, .path = "c", .devmajor = 1, .devminor = 0xfffff },
	};
	struct tar_writer *w = tar_create(put, a);
	char body[700];

	memset(long_name, 'n', sizeof(long_name) - 1);
	memset(long_link, 'l', sizeof(long_link) - 1);
	memset(body, 'b', sizeof(body));
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		expect_int(tar_write_entry(w, &entries[i]), 0);
		if (entries[i].size) {
			expect_int(tar_write_body(w, body, 300), 0);
			expect_errno(tar_write_entry(w, &entries[0]), EINVAL);
			expect_errno(tar_write_body(w, body, 401), EINVAL);
			expect_int(tar_write_body(w, body, 400), 0);
		}
	}
	expect_int(tar_write_end(w), 0);
	expect_int(a->bytes.len % TAR_BLOCK_BYTES, 0);
	tar_writer_free(w);
}

static size_t body_of(struct tar_reader *r)
{
	const void *data;
	uint64_t offset;
	size_t total = 0;
	ssize_t n;

	while ((n = tar_body(r, &data, &offset)) > 0) {
		expect_int(offset, total);
		total += (size_t)n;
	}
	expect_int(n, 0);
	return total;
}

static void read_archive(struct archive *a)
{
	struct tar_reader *r = tar_open(fill, a);
	struct tar_entry e;

	expect_int(tar_next(r, &e), 1);
	expect_str(e.path, "dir/");
	expect_int(e.type, TAR_DIR);
	expect_int(e.mode, 01777);
	expect_int(e.mtime.tv_sec, -5);
	expect_int(tar_next(r, &e), 1);
	expect_str(e.path, long_name);
	expect_int(e.mode, 04755);
	expect_int(e.uid, 3000000);
	expect_int(e.gid, 4294967294);
	expect_int(e.size, 700);
	expect_int(e.mtime.tv_sec, 1LL << 40);
	if (expect_int(e.nxattrs, 2)) {
		expect_str(e.xattrs[0].name, "user.a");
		expect_int(e.xattrs[1].len, 3);
		expect_int(memcmp(e.xattrs[1].value, "\0\n=", 3), 0);
	}
	expect_int(body_of(r), 700);
	expect_int(tar_next(r, &e), 1);
	expect_str(e.link, long_link);
	expect_int(tar_next(r, &e), 1);
	expect_int(e.devminor, 0xfffff);
	expect_int(tar_next(r, &e), 0);
	expect_int(tar_drain(r), 0);
	tar_close(r);
}

static void test_read_returns_what_was_written(void)
{
	static const size_t steps[] = { 1, 511, 512, 513, 4096, 1 << 20 };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct archive a = { .step = steps[i] };

		write_archive(&a);
		read_archive(&a);
		buf_free(&a.bytes);
	}
}

static void test_write_is_deterministic(void)
{
	struct archive a = { 0 }, b = { 0 };

	write_archive(&a);
	write_archive(&b);
	expect_int(a.bytes.len, b.bytes.len);
	expect_int(memcmp(a.bytes.data, b.bytes.data, a.bytes.len), 0);
	buf_free(&a.bytes);
	buf_free(&b.bytes);
}

/* Every cut of an archive either ends cleanly between entries or is said to be cut. */
static void test_read_notices_every_cut(void)
{
	struct archive a = { .step = 4096 };

	write_archive(&a);
	for (size_t len = 0; len < a.bytes.len; len += 100) {
		struct archive part = { .bytes = { a.bytes.data, len, len }, .step = 4096 };
		struct tar_reader *r = tar_open(fill, &part);
		struct tar_entry e;
		int n;

		while ((n = tar_next(r, &e)) > 0)
			;
		expect((n == 0 && len % TAR_BLOCK_BYTES == 0) ||
		       (n < 0 && errno == EBADMSG && *tar_why(r)));
		tar_close(r);
	}
	buf_free(&a.bytes);
}

/* Leave out as much as there is, but not all at once. */
static uint64_t leap(void *ctx, uint64_t len)
{
	struct archive *a = ctx;
	size_t left = a->bytes.len - a->at, n = left < len ? left : (size_t)len;

	if (n > 1)
		n = n / 2 + 1;
	a->at += n;
	return n;
}

/* Bodies are where the reader says, and what it leaps over is what it would have read. */
static void test_leaps_over_bodies(void)
{
	static const struct tar_entry entries[] = { { .type = TAR_FILE, .path = "a", .size = 5000 },
						    { .type = TAR_FILE, .path = "b", .size = 1 },
						    { .type = TAR_FILE, .path = "c" } };
	struct archive a = { 0 };
	struct tar_writer *w = tar_create(put, &a);
	char body[5000];
	struct tar_entry e;
	uint64_t at;

	memset(body, 'b', sizeof(body));
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		expect_int(tar_write_entry(w, &entries[i]), 0);
		expect_int(tar_write_body(w, body, entries[i].size), 0);
	}
	expect_int(tar_write_end(w), 0);
	tar_writer_free(w);
	for (a.step = 1; a.step < 6000; a.step += 7) {
		struct tar_reader *r = tar_open(fill, &a);

		tar_set_leap(r, leap);
		for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
			expect_int(tar_next(r, &e), 1);
			expect_str(e.path, entries[i].path);
			expect(tar_body_at(r, &at));
			if (e.size)
				expect_int(a.bytes.data[at], 'b');
			if (e.size)
				expect_int(a.bytes.data[at + e.size - 1], 'b');
			expect_int(a.bytes.data[at + e.size] == 'b', 0);
		}
		expect_int(tar_next(r, &e), 0);
		tar_close(r);
		a.at = 0;
	}
	/* one that ends within a body that is leapt over */
	a.step = TAR_BLOCK_BYTES;
	a.bytes.len = 4000;
	struct tar_reader *r = tar_open(fill, &a);

	tar_set_leap(r, leap);
	expect_int(tar_next(r, &e), 1);
	expect_errno(tar_next(r, &e), EBADMSG);
	expect_str(tar_why(r), "the archive ends within an entry");
	tar_close(r);
	buf_free(&a.bytes);
}

static void test_field_get(void)
{
	static const struct {
		const char *field;
		int64_t value; /* -2: EINVAL */
	} cases[] = {
		{ "0000644\0", 0644 },
		{ "    644 ", 0644 },
		{ "644\0\0\0\0", 0644 },
		{ "\0\0\0\0\0\0\0", 0 },
		{ "77777777", 077777777 },
		{ "0000648\0", -2 },
		{ "-000644\0", -2 },
		{ "644 1 \0", -2 },
		{ "\x80\0\0\0\0\x2d\xc6\xc0", 3000000 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xfb", -5 },
		{ "\xbf\xff\xff\xff\xff\xff\xff\xff", 0x3fffffffffffffff },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t n = -2;

		tap_int(tar_field_get(cases[i].field, 8, &n), cases[i].value == -2 ? -1 : 0,
			cases[i].field, __FILE__, __LINE__);
		expect_int(n, cases[i].value);
	}

	int64_t n;

	expect_errno(tar_field_get("\x80\0\0\x80\0\0\0\0\0\0\0\0", 12, &n), EINVAL);
	expect_errno(tar_field_get("\xff\0\0\x80\0\0\0\0\0\0\0\0", 12, &n), EINVAL);
}

static void test_field_put(void)
{
	char f[8];

	expect_int(tar_field_put(f, 8, 07777777), 0);
	expect_str(f, "7777777");
	expect_errno(tar_field_put(f, 8, 010000000), ERANGE);
}

static void test_clean_path(void)
{
	static const char *const cases[][2] = {
		{ "a", "a" }, { "/a//b/", "a/b" }, { "./a/./b", "a/b" }, { "/", "" },
		{ "./", "" }, { "...", "..." },	   { "a/..b", "a/..b" }, { ".a/b.", ".a/b." },
	};
	static const char *const bad[] = { "..", "../a", "a/..", "a/../b", "/..", "./.." };
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(path, sizeof(path), "%s", cases[i][0]);
		expect_int(tar_clean_path(path), 0);
		expect_str(path, cases[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(path, sizeof(path), "%s", bad[i]);
		expect_errno(tar_clean_path(path), EINVAL);
	}
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_read_returns_what_was_written),
		TEST(test_write_is_deterministic),
		TEST(test_read_notices_every_cut),
		TEST(test_leaps_over_bodies),
		TEST(test_field_get),
		TEST(test_field_put),
		TEST(test_clean_path),
		{ 0 },
	};

	return tap_run(tests);
}
