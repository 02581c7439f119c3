/* The table of mount options; what the kernel makes of it is tested by runc.bats. */
#include "lib/mnt.h"
#include "tests/unit/tap.h"

static struct mnt_opts parse(const char *a, const char *b, const char *c)
{
	char *words[] = { (char *)(uintptr_t)a, (char *)(uintptr_t)b, (char *)(uintptr_t)c, NULL };
	struct mnt_opts o;

	mnt_opts_parse(&o, words);
	return o;
}

static void test_words_are_sorted(void)
{
	for (size_t i = 1; mnt_opts_word(i); i++)
		expect(strcmp(mnt_opts_word(i - 1), mnt_opts_word(i)) < 0);
	expect_str(mnt_opts_word(0), "atime");
}

static void test_every_word_is_found(void)
{
	for (size_t i = 0; mnt_opts_word(i); i++) {
		struct mnt_opts o = parse(mnt_opts_word(i), NULL, NULL);

		expect_int(o.data.n, 0);
		mnt_opts_free(&o);
	}
}

static void test_later_word_wins(void)
{
	struct mnt_opts o = parse("ro", "rw", NULL);

	expect_int(o.set, 0);
	expect_int(o.clear, MOUNT_ATTR_RDONLY);
	o = parse("rw", "ro", "nosuid");
	expect_int(o.set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
	expect_int(o.clear, 0);
}

static void test_atime_is_one_choice(void)
{
	struct mnt_opts o = parse("noatime", "strictatime", NULL);

	expect_int(o.set, MOUNT_ATTR_STRICTATIME);
	expect_int(o.clear, MOUNT_ATTR__ATIME);
	o = parse("noatime", "relatime", "nodiratime");
	expect_int(o.set, MOUNT_ATTR_NODIRATIME);
	expect_int(o.clear, MOUNT_ATTR__ATIME);
}

static void test_tree_words_are_apart(void)
{
	struct mnt_opts o = parse("ro", "rro", "rnosuid");

	expect_int(o.set, MOUNT_ATTR_RDONLY);
	expect_int(o.tree_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
}

static void test_binds_and_propagation(void)
{
	struct mnt_opts o = parse("rbind", "rslave", NULL);

	expect(o.bind && o.bind_tree && o.propagation_tree);
	expect_int(o.propagation, MS_SLAVE);
	o = parse("bind", "private", NULL);
	expect(o.bind && !o.bind_tree && !o.propagation_tree);
}

static void test_the_rest_is_the_file_systems(void)
{
	struct mnt_opts o = parse("size=64k", "defaults", "newinstance");

	expect_int(o.data.n, 2);
	expect_str(o.data.v[0], "size=64k");
	expect_str(o.data.v[1], "newinstance");
	expect_str(mnt_opts_data(&o, "size"), "64k");
	expect(!mnt_opts_data(&o, "siz"));
	expect(!mnt_opts_data(&o, "newinstance"));
	mnt_opts_free(&o);
	mnt_opts_parse(&o, NULL);
	expect_int(o.data.n, 0);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_words_are_sorted),
		TEST(test_every_word_is_found),
		TEST(test_later_word_wins),
		TEST(test_atime_is_one_choice),
		TEST(test_tree_words_are_apart),
		TEST(test_binds_and_propagation),
		TEST(test_the_rest_is_the_file_systems),
		{ 0 },
	};

	return tap_run(tests);
}
