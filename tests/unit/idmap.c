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
		TEST(test_outside_maps_ranges),
		TEST(test_outside_of_no_map_is_the_same),
		TEST(test_write_refuses_sizes),
		TEST(test_types_by_name_and_flag),
		{ 0 },
	};

	return tap_run(tests);
}
