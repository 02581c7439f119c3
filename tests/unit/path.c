#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "lib/io.h"
#include "lib/path.h"
#include "lib/str.h"
#include "tests/unit/tap.h"

/* ROOT/secret is outside of ROOT/jail, which every test's dirfd points to. */
static int jail(void)
{
	int top, dirfd;

	tap_dir(&top);
	expect_int(mkdirat(top, "jail", 0755), 0);
	expect_int(file_put_line(top, "secret", "x"), 0);
	dirfd = openat(top, "jail", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(top);
	return dirfd;
}

static void test_in_root_never_leaves(void)
{
	_close_ int d = jail();

	expect_int(symlinkat("../secret", d, "up"), 0);
	expect_int(symlinkat("/../../secret", d, "abs"), 0);
	expect_int(symlinkat("/proc/self/root", d, "magic"), 0);
	expect_errno(path_open_in_root(d, "../secret", O_RDONLY), ENOENT);
	expect_errno(path_open_in_root(d, "up", O_RDONLY), ENOENT);
	expect_errno(path_open_in_root(d, "abs", O_RDONLY), ENOENT);
	expect_errno(path_open_in_root(d, "magic", O_RDONLY), ENOENT);
	expect_int(file_put_line(d, "secret", "inner"), 0);

	_close_ int fd = path_open_in_root(d, "up", O_RDONLY);

	expect(fd >= 0);
	expect_int(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void test_beneath_refuses_to_leave(void)
{
	_close_ int d = jail();

	expect_int(symlinkat("../secret", d, "up"), 0);
	expect_errno(path_open_beneath(d, "../secret", O_RDONLY, 0), EXDEV);
	expect_errno(path_open_beneath(d, "up", O_RDONLY, 0), EXDEV);
	expect_errno(path_open_beneath(d, "/etc", O_RDONLY, 0), EXDEV);
	expect_errno(path_open_strict(d, "up", O_RDONLY), ELOOP);
}

static void test_make_dirs_follows_links_inside_only(void)
{
	_close_ int d = jail();
	struct stat st;

	expect_int(mkdirat(d, "real", 0755), 0);
	expect_int(symlinkat("/real", d, "link"), 0);
	expect_int(symlinkat("../../..", d, "out"), 0);

	_close_ int a = path_make_dirs(d, "link/x/y", 0700);
	_close_ int b = path_make_dirs(d, "/out/z/../w", 0755);

	expect(a >= 0);
	expect_int(fstatat(d, "real/x/y", &st, 0), 0);
	expect_int(st.st_mode & 07777, 0700);
	expect(b >= 0);
	expect_int(fstatat(d, "w", &st, 0), 0);
	expect_int(fstatat(d, "../w", &st, 0), -1);
}

static void test_make_dirs_again_is_fine(void)
{
	_close_ int d = jail();
	_close_ int a = path_make_dirs(d, "a/b", 0755);
	_close_ int b = path_make_dirs(d, "a/b", 0755);

	expect(a >= 0 && b >= 0);
	expect_int(file_put_line(d, "file", "x"), 0);
	expect_errno(path_make_dirs(d, "file/x", 0755), ENOTDIR);
	expect_int(symlinkat("nowhere", d, "dangling"), 0);
	expect_errno(path_make_dirs(d, "dangling/x", 0755), ENOENT);
}

static void test_open_parent_names_the_last(void)
{
	_close_ int d = jail();
	_free_ char *name = NULL, *none = NULL;
	_close_ int fd = path_open_parent(d, "/a/b/c/", &name);

	expect(fd >= 0);
	expect_str(name, "c");
	expect_int(faccessat(d, "a/b", F_OK, 0), 0);
	expect_int(faccessat(d, "a/b/c", F_OK, 0), -1);
	expect_errno(path_open_parent(d, "/", &none), EINVAL);
	expect_errno(path_open_parent(d, "a/..", &none), EINVAL);
}

static void test_remove_tree_spares_what_links_name(void)
{
	_close_ int d = jail();
	_close_ int made = path_make_dirs(d, "t/a/b", 0755);

	expect(made >= 0);
	expect_int(symlinkat("../../secret", d, "t/l"), 0);
	expect_int(symlinkat("..", d, "t/a/up"), 0);
	expect_int(path_remove_tree(d, "t"), 0);
	expect_int(faccessat(d, "t", F_OK, 0), -1);
	expect_int(faccessat(d, "../secret", F_OK, 0), 0);
	expect_int(path_remove_tree(d, "t"), 0);
}

static void test_remove_tree_however_deep(void)
{
	_close_ int d = jail();
	int at = dup(d);

	for (int i = 0; i < 300; i++) {
		expect_int(mkdirat(at, "d", 0755), 0);

		int next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		expect_int(mkdirat(at, ".deep-0", 0755), 0);
		close(at);
		at = next;
	}
	close(at);
	expect_int(path_remove_tree(d, "d"), 0);
	expect_int(faccessat(d, "d", F_OK, 0), -1);
}

static void test_lock_dir_is_exclusive(void)
{
	_close_ int d = jail();

	expect_int(mkdirat(d, "c", 0755), 0);

	_close_ int first = path_lock_dir(d, "c", true, true);

	expect(first >= 0);
	expect_errno(path_lock_dir(d, "c", false, true), EWOULDBLOCK);
	close(steal_fd(&first));

	_close_ int shared = path_lock_dir(d, "c", false, true);
	_close_ int also = path_lock_dir(d, "c", false, true);

	expect(shared >= 0 && also >= 0);
	expect_errno(path_lock_dir(d, "missing", true, true), ENOENT);
}

static void test_mkdirs_makes_parents(void)
{
	int top;
	_free_ char *base = NULL;
	char path[256];

	tap_dir(&top);
	base = fd_path(top);
	close(top);
	snprintf(path, sizeof(path), "%s/a/b/c", base);
	expect_int(path_mkdirs(path, 0700), 0);
	expect_int(path_mkdirs(path, 0700), 0);
	expect_int(access(path, F_OK), 0);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_in_root_never_leaves),
		TEST(test_beneath_refuses_to_leave),
		TEST(test_make_dirs_follows_links_inside_only),
		TEST(test_make_dirs_again_is_fine),
		TEST(test_open_parent_names_the_last),
		TEST(test_remove_tree_spares_what_links_name),
		TEST(test_remove_tree_however_deep),
		TEST(test_lock_dir_is_exclusive),
		TEST(test_mkdirs_makes_parents),
		{ 0 },
	};

	return tap_run(tests);
}
