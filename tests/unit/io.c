#include <fcntl.h>
#include <sys/stat.h>

#include "lib/io.h"
#include "tests/unit/tap.h"

static void test_replace_is_whole_or_nothing(void)
{
	_close_ int d = -1;
	_buf_ struct buf b = { 0 };
	struct stat st;

	tap_dir(&d);
	expect_int(file_replace(d, "f", 0600, "one", 3, true), 0);
	expect_int(file_replace(d, "f", 0640, "second", 6, false), 0);
	expect_int(file_read(d, "f", 100, &b), 0);
	expect_str(b.data, "second");
	expect_int(fstatat(d, "f", &st, 0), 0);
	expect_int(st.st_mode & 07777, 0640);
	expect_int(faccessat(d, ".f.new", F_OK, 0), -1);
	expect_errno(file_replace(d, "a/b", 0600, "x", 1, false), EINVAL);
	expect_int(mkdirat(d, "dir", 0755), 0);
	expect_errno(file_replace(d, "dir", 0600, "x", 1, false), EISDIR);
	expect_int(faccessat(d, ".dir.new", F_OK, 0), -1);
}

static void test_replace_does_not_follow_a_planted_link(void)
{
	_close_ int d = -1;
	struct stat st;

	tap_dir(&d);
	expect_int(symlinkat("victim", d, ".f.new"), 0);
	expect_errno(file_replace(d, "f", 0600, "x", 1, false), ELOOP);
	expect_int(fstatat(d, "victim", &st, 0), -1);
}

static void test_read_refuses_what_is_too_large(void)
{
	_close_ int d = -1;
	_buf_ struct buf b = { 0 }, c = { 0 };

	tap_dir(&d);
	expect_int(file_replace(d, "f", 0600, "12345", 5, false), 0);
	expect_int(file_read(d, "f", 5, &b), 0);
	expect_int(b.len, 5);
	expect_errno(file_read(d, "f", 4, &c), EFBIG);
}

static void test_read_line_ends_at_the_newline(void)
{
	_close_ int d = -1;

	tap_dir(&d);
	expect_int(file_replace(d, "f", 0600, "a\nb\n", 4, false), 0);

	_free_ char *line = file_read_line(d, "f");

	expect_str(line, "a");
	expect(!file_read_line(d, "missing"));
}

static void test_poke_neither_makes_nor_cuts(void)
{
	_close_ int d = -1;
	_buf_ struct buf b = { 0 };

	tap_dir(&d);
	expect_errno(file_poke(d, "f", "x"), ENOENT);
	expect_int(file_replace(d, "f", 0600, "abc", 3, false), 0);
	expect_int(file_poke(d, "f", "X"), 0);
	expect_int(file_read(d, "f", 100, &b), 0);
	expect_str(b.data, "Xbc");
}

static void test_copy_reaches_pipes_and_files(void)
{
	_close_ int d = -1;
	_buf_ struct buf b = { 0 };
	int p[2];

	tap_dir(&d);
	expect_int(file_replace(d, "f", 0600, "hello", 5, false), 0);
	expect_int(pipe2(p, O_CLOEXEC), 0);

	_close_ int in = openat(d, "f", O_RDONLY | O_CLOEXEC);
	_close_ int out = openat(d, "g", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	expect_int(io_copy(in, p[1]), 5);
	close(p[1]);
	expect_int(io_copy(p[0], out), 5);
	close(p[0]);
	expect_int(file_read(d, "g", 100, &b), 0);
	expect_str(b.data, "hello");
}

static void test_copy_reads_proc_files(void)
{
	_close_ int d = -1;
	_buf_ struct buf b = { 0 };

	tap_dir(&d);

	_close_ int in = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	_close_ int out = openat(d, "g", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	expect(io_copy(in, out) > 0);
	expect_int(file_read(d, "g", 4096, &b), 0);
	expect(b.len > 0);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_replace_is_whole_or_nothing),
		TEST(test_replace_does_not_follow_a_planted_link),
		TEST(test_read_refuses_what_is_too_large),
		TEST(test_read_line_ends_at_the_newline),
		TEST(test_poke_neither_makes_nor_cuts),
		TEST(test_copy_reaches_pipes_and_files),
		TEST(test_copy_reads_proc_files),
		{ 0 },
	};

	return tap_run(tests);
}
