#include <fcntl.h>
#include <sys/stat.h>

#include "lib/cgroup_private.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/str.h"
#include "tests/unit/tap.h"

static int rootfd = -1;
static const char *root;

/* A file of the fake /sys/fs/cgroup, its directories made on the way. */
static void put(const char *path, const char *text)
{
	char *name = NULL;
	int dirfd = path_open_parent(rootfd, path, &name);
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || io_puts(fd, text) < 0)
		perror(path);
	close(fd);
	close(dirfd);
	free(name);
}

static const char *text_of(const char *path)
{
	static struct buf b;

	buf_reset(&b);
	return file_read(rootfd, path, 4096, &b) < 0 ? "(none)" : buf_str(&b);
}

static void fake(const char *const *files)
{
	if (rootfd >= 0)
		close(rootfd);
	root = tap_dir(&rootfd);
	setenv("LASH_CGROUP", root, 1);
	for (; *files; files++)
		put(*files, "");
}

static void fake_v1(void)
{
	static const char *const files[] = { "cpu,cpuacct/cgroup.procs",
					     "cpuset/cgroup.procs",
					     "memory/cgroup.procs",
					     "systemd/cgroup.procs",
					     "freezer/cgroup.procs",
					     "notes/README",
					     NULL };

	fake(files);
	if (symlinkat("cpu,cpuacct", rootfd, "cpu") < 0)
		perror("symlink");
}

static void fake_v2(void)
{
	static const char *const files[] = { "cgroup.procs", NULL };

	fake(files);
	put("cgroup.controllers", "cpu memory pids\n");
	put("cgroup.subtree_control", "cpu\n");
}

static void test_canonical_refuses_what_leaves(void)
{
	static const char *const bad[] = { "..",    "a/..", "a/../b", ".",
					   "a/./b", "a//b", "a\nb",   "a/\x7f" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *path = cgroup_canonical(bad[i]);

		expect(!path);
		expect_int(errno, EINVAL);
		free(path);
	}
}

static void test_canonical_trims_slashes(void)
{
	_free_ char *path = cgroup_canonical("//a/b.c/..d/"), *top = cgroup_canonical("/");

	expect_str(path, "a/b.c/..d");
	expect_str(top, "");
}

static void test_canonical_refuses_too_long(void)
{
	_free_ char *path = xmalloc(5000);

	memset(path, 'a', 4999);
	path[4999] = '\0';
	expect(!cgroup_canonical(path));
	expect_int(errno, ENAMETOOLONG);
	path[300] = '\0';
	expect(!cgroup_canonical(path));
	expect_int(errno, EINVAL);
}

static void test_layout_v1_by_directory_names(void)
{
	struct cgroup_layout l;
	int cpu, cpuacct;

	fake_v1();
	expect_int(cgroup_layout_open(&l, NULL), 0);
	expect_int(l.n, 5);
	expect_int(l.unified, -1);
	cpu = cgroup_hierarchy_of(&l, CGROUP_CPU);
	cpuacct = cgroup_hierarchy_of(&l, CGROUP_CPUACCT);
	expect(cpu >= 0);
	expect_int(cpu, cpuacct);
	expect_errno(cgroup_hierarchy_of(&l, CGROUP_PIDS), EOPNOTSUPP);
	expect_errno(cgroup_hierarchy_of(&l, CGROUP_CORE), EOPNOTSUPP);
	cgroup_layout_close(&l);
}

static void test_layout_v2(void)
{
	struct cgroup_layout l;

	fake_v2();
	expect_int(cgroup_layout_open(&l, NULL), 0);
	expect(cgroup_is_unified(&l));
	expect_int(cgroup_hierarchy_of(&l, CGROUP_MEMORY), 0);
	expect_int(cgroup_hierarchy_of(&l, CGROUP_DEVICES), 0);
	expect_errno(cgroup_hierarchy_of(&l, CGROUP_RDMA), EOPNOTSUPP);
	cgroup_layout_close(&l);
}

static void test_layout_of_a_plain_tree_needs_the_seam(void)
{
	struct cgroup_layout l;

	fake_v2();
	expect_errno(cgroup_layout_open(&l, root), ENOENT);
}

static void test_create_v2_hands_controllers_down(void)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;
	struct cgroup_layout l;

	fake_v2();
	expect_int(cgroup_layout_open(&l, NULL), 0);
	expect_int(cgroup_create(&g, &l, "/a", true), 0);
	expect_str(text_of("cgroup.subtree_control"), "+memory +pids");
	cgroup_layout_close(&l);
}

static void test_create_v1_fills_cpusets(void)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;
	struct cgroup_layout l;

	fake_v1();
	put("cpuset/cpuset.cpus", "0-3\n");
	put("cpuset/cpuset.mems", "0\n");
	put("cpuset/a/cpuset.cpus", "\n");
	put("cpuset/a/cpuset.mems", "1\n");
	expect_int(cgroup_layout_open(&l, NULL), 0);
	expect_int(cgroup_create(&g, &l, "a", false), 0);
	expect_str(text_of("cpuset/a/cpuset.cpus"), "0-3");
	expect_str(text_of("cpuset/a/cpuset.mems"), "1\n");
	cgroup_layout_close(&l);
}

static void test_create_exclusive_leaves_nothing_of_a_failure(void)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;
	struct cgroup_layout l;

	fake_v1();
	put("systemd/a/b/cgroup.procs", "");
	expect_int(cgroup_layout_open(&l, NULL), 0);
	expect_errno(cgroup_create(&g, &l, "a/b", true), EEXIST);
	expect_errno(faccessat(rootfd, "memory/a", F_OK, 0), ENOENT);
	expect_errno(faccessat(rootfd, "cpuset/a", F_OK, 0), ENOENT);
	expect_int(faccessat(rootfd, "systemd/a/b", F_OK, 0), 0);
	cgroup_layout_close(&l);
}

static void test_open_follows_no_links(void)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;
	struct cgroup_layout l;

	fake_v2();
	expect_int(symlinkat("/", rootfd, "out"), 0);
	expect_int(cgroup_layout_open(&l, NULL), 0);
	expect_errno(cgroup_open(&g, &l, "out/tmp"), ELOOP);
	expect_errno(cgroup_open(&g, &l, "out"), ELOOP);
	expect_errno(cgroup_open(&g, &l, "nowhere"), ENOENT);
	cgroup_layout_close(&l);
}

static void test_remove_takes_groups_below(void)
{
	struct cgroup_layout l;

	fake_v2();
	expect_int(cgroup_layout_open(&l, NULL), 0);
	expect_int(close(path_make_dirs(rootfd, "a/b/c", 0755)), 0);
	expect_int(close(path_make_dirs(rootfd, "a/d", 0755)), 0);
	expect_int(cgroup_remove(&l, "a", 0), 0);
	expect_errno(faccessat(rootfd, "a", F_OK, 0), ENOENT);
	expect_int(cgroup_remove(&l, "a", 0), 0);
	expect_int(cgroup_remove(&l, "x/y", 0), 0);
	expect_errno(cgroup_remove(&l, "/", 0), EINVAL);
	cgroup_layout_close(&l);
}

static void test_walk_goes_as_deep_as_the_tree(void)
{
	enum { DEPTH = 3000 };
	int dirfd = -1, next;
	struct cgroup_layout l;

	fake_v2();
	expect_int(cgroup_layout_open(&l, NULL), 0);
	dirfd = openat(rootfd, ".", O_PATH | O_DIRECTORY);
	for (int i = 0; i < DEPTH; i++) {
		mkdirat(dirfd, "d", 0755);
		next = openat(dirfd, "d", O_PATH | O_DIRECTORY);
		close(dirfd);
		dirfd = next;
	}
	close(dirfd);
	expect_int(cgroup_remove(&l, "d", 0), 0);
	expect_errno(faccessat(rootfd, "d", F_OK, 0), ENOENT);
	cgroup_layout_close(&l);
}

static void test_procs_sorted_once_and_without_strangers(void)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;
	_cgroup_pids_ struct cgroup_pids own = { 0 }, all = { 0 };
	struct cgroup_layout l;

	fake_v1();
	put("memory/a/cgroup.procs", "30\n0\n4\n");
	put("freezer/a/cgroup.procs", "4\n30\n");
	put("memory/a/b/cgroup.procs", "7\n");
	expect_int(cgroup_layout_open(&l, NULL), 0);
	expect_int(cgroup_open(&g, &l, "a"), 0);
	expect_int(cgroup_procs(&g, false, &own), 0);
	expect_int(own.n, 2);
	expect_int(own.pid[0], 4);
	expect_int(own.pid[1], 30);
	expect_int(cgroup_procs(&g, true, &all), 0);
	expect_int(all.n, 3);
	expect_int(all.pid[1], 7);
	cgroup_layout_close(&l);
}

static void test_files_are_one_component(void)
{
	fake_v2();
	put("secret", "x");
	expect_errno(cgroup_write(rootfd, "../secret", "y"), EINVAL);
	expect_errno(cgroup_write(rootfd, "a/b", "y"), EINVAL);
	expect_errno(cgroup_write(rootfd, "", "y"), EINVAL);
	expect_errno(cgroup_write(rootfd, "..", "y"), EINVAL);
	expect_errno(cgroup_write(rootfd, "memory.max", "y"), ENOENT);
}

static void test_read_key_and_max(void)
{
	uint64_t n = 0;

	fake_v2();
	put("events", "populated 1\nfrozen 0\n");
	put("limit", "max\n");
	expect_int(cgroup_read_key(rootfd, "events", "frozen", &n), 0);
	expect_int(n, 0);
	expect_int(cgroup_read_key(rootfd, "events", "populated", &n), 0);
	expect_int(n, 1);
	expect_errno(cgroup_read_key(rootfd, "events", "pop", &n), ENODATA);
	expect_int(cgroup_read_u64(rootfd, "limit", &n), 0);
	expect(n == UINT64_MAX);
}

static const struct test tests[] = {
	TEST(test_canonical_refuses_what_leaves),
	TEST(test_canonical_trims_slashes),
	TEST(test_canonical_refuses_too_long),
	TEST(test_layout_v1_by_directory_names),
	TEST(test_layout_v2),
	TEST(test_layout_of_a_plain_tree_needs_the_seam),
	TEST(test_create_v2_hands_controllers_down),
	TEST(test_create_v1_fills_cpusets),
	TEST(test_create_exclusive_leaves_nothing_of_a_failure),
	TEST(test_open_follows_no_links),
	TEST(test_remove_takes_groups_below),
	TEST(test_walk_goes_as_deep_as_the_tree),
	TEST(test_procs_sorted_once_and_without_strangers),
	TEST(test_files_are_one_component),
	TEST(test_read_key_and_max),
	{ 0 },
};

int main(void)
{
	return tap_run(tests);
}
