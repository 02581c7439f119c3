#include "lib/idmap.h"
#include "lib/ns.h"
#include "tests/unit/tap.h"

static void test_outside_maps_ranges(void)
{
	static const struct idmap map[] = { { 0, 1000, 1 }, { 1, 100000, 10 } };
	uint32_t id = 7;

	expect_int(idmap_outside(map, 2, 0, &id), 0);
	expect_int(id, 1000);
	expect_int(idmap_outside(map, 2, 10, &id), 0);
	expect_int(id, 100009);
	expect_errno(idmap_outside(map, 2, 11, &id), EINVAL);
	expect_int(id, 100009);
}

static void test_outside_of_no_map_is_the_same(void)
{
	uint32_t id = 0;

	expect_int(idmap_outside(NULL, 0, 42, &id), 0);
	expect_int(id, 42);
}

static void test_write_refuses_sizes(void)
{
	static const struct idmap map[IDMAP_LINES_MAX + 1];

	expect_errno(idmap_write(1, map, 0, map, 1), EINVAL);
	expect_errno(idmap_write(1, map, IDMAP_LINES_MAX + 1, map, 1), EINVAL);
}

static void test_a_range_ends_before_the_last_id(void)
{
	expect(idmap_is_range(&(struct idmap){ 0, 0, UINT32_MAX }));
	expect(idmap_is_range(&(struct idmap){ UINT32_MAX - 1, 0, 1 }));
	expect(!idmap_is_range(&(struct idmap){ UINT32_MAX - 1, 0, 2 }));
	expect(!idmap_is_range(&(struct idmap){ 0, 4000000000, 300000000 }));
	expect(!idmap_is_range(&(struct idmap){ 0, 0, 0 }));
}

static void test_parse_reads_cruns_notation(void)
{
	static struct idmap uids[] = { { 0, 0, 1 }, { 1, 2, 1000 } };
	const struct idmaps container = { .uids = uids, .n_uids = 2 };
	_idmaps_ struct idmaps maps = { 0 };

	expect_int(idmap_parse("uids=@1-3-10#10-11-10;gids=0-100-10", &container, &maps), 0);
	expect_int(maps.n_uids, 2);
	expect_int(maps.n_gids, 1);
	expect_int(maps.uids[0].inside, 1);
	expect_int(maps.uids[0].outside, 4);
	expect_int(maps.uids[1].outside, 11);
	expect_int(maps.gids[0].outside, 100);
	expect_int(maps.gids[0].count, 10);
}

static void test_parse_refuses_the_rest(void)
{
	static const char *const wrong[] = { "",
					     "uids=",
					     "uids=1-2",
					     "uids=1-2-3-4",
					     "uids=1-2-x",
					     "users=1-2-3",
					     "uids=1-2-3;",
					     "uids=1-2-3#",
					     "uids=@1-2-3",
					     "uids=-1-2-3" };
	static struct idmap uids[] = { { 0, 0, 1 } };
	const struct idmaps container = { .uids = uids, .n_uids = 1 };
	_idmaps_ struct idmaps maps = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		expect_errno(idmap_parse(wrong[i], &container, &maps), EINVAL);
	expect_errno(idmap_parse("uids=1-4294967295-3", &container, &maps), ERANGE);
}

static void test_types_by_name_and_flag(void)
{
	for (size_t i = 0; i < NS_TYPES; i++) {
		expect(ns_of_flag(ns_types[i].flag) == &ns_types[i]);
		expect(ns_of_name(ns_types[i].spec) == &ns_types[i]);
	}
	expect(!ns_of_name("net"));
	expect_errno(ns_open_path("/proc/self/ns/uts", CLONE_NEWNET), EINVAL);
	expect_errno(ns_open_path("/dev/null", CLONE_NEWNET), EINVAL);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_outside_maps_ranges),	       TEST(test_outside_of_no_map_is_the_same),
		TEST(test_write_refuses_sizes),	       TEST(test_a_range_ends_before_the_last_id),
		TEST(test_parse_reads_cruns_notation), TEST(test_parse_refuses_the_rest),
		TEST(test_types_by_name_and_flag),     { 0 },
	};

	return tap_run(tests);
}
