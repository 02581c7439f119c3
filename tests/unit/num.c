#include "lib/num.h"
#include "tests/unit/tap.h"

static void test_u64_range(void)
{
	uint64_t n = 7;

	expect_int(num_u64("18446744073709551615", UINT64_MAX, &n), 0);
	expect_int(n == UINT64_MAX, 1);
	expect_errno(num_u64("18446744073709551616", UINT64_MAX, &n), ERANGE);
	expect_errno(num_u64("11", 10, &n), ERANGE);
	expect(n == UINT64_MAX);
}

static void test_u32_refuses_what_is_no_number(void)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x1", "1x", "1:2", "\t" };
	uint32_t n = 7;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_errno(num_u32(bad[i], &n), EINVAL);
	expect_errno(num_u32("4294967296", &n), ERANGE);
	expect_int(n, 7);
	expect_int(num_u32("4294967295", &n), 0);
	expect_int(n, 4294967295LL);
}

static void test_i64_limits(void)
{
	int64_t n = 0;

	expect_int(num_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &n), 0);
	expect(n == INT64_MIN);
	expect_errno(num_i64("9223372036854775808", INT64_MIN, INT64_MAX, &n), ERANGE);
	expect_errno(num_i64("-", INT64_MIN, INT64_MAX, &n), EINVAL);
	expect_errno(num_i64("--1", INT64_MIN, INT64_MAX, &n), EINVAL);
	expect_errno(num_i64("-2", -1, 1, &n), ERANGE);
}

static void test_octal_digits(void)
{
	uint32_t n = 0;

	expect_int(num_octal("0755", 07777, &n), 0);
	expect_int(n, 0755);
	expect_errno(num_octal("8", 07777, &n), EINVAL);
	expect_errno(num_octal("10000", 07777, &n), ERANGE);
}

static void test_size_suffixes(void)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = { { "0", 0 },	{ "64", 64 },
		     { "64b", 64 },	{ "1k", 1024 },
		     { "1KiB", 1024 },	{ "1.5g", 1610612736 },
		     { "2M", 2097152 }, { "1tb", 1099511627776 },
		     { "-1", -1 } };
	static const char *const bad[] = { "", "k", "1kk", "1x", "1.k", ".5k", "-2", "1bb", "1 k" };
	int64_t n;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		n = 99;
		expect_int(num_size(good[i].text, true, &n), 0);
		expect_int(n, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_errno(num_size(bad[i], true, &n), EINVAL);
	expect_errno(num_size("-1", false, &n), EINVAL);
	expect_errno(num_size("9000000p", false, &n), ERANGE);
}

static void test_duration_forms(void)
{
	int64_t ns;

	expect_int(num_duration_ns("10", &ns), 0);
	expect_int(ns, 10000000000);
	expect_int(num_duration_ns("1m30s", &ns), 0);
	expect_int(ns, 90000000000);
	expect_int(num_duration_ns("250ms", &ns), 0);
	expect_int(ns, 250000000);
	expect_int(num_duration_ns("1.5h", &ns), 0);
	expect_int(ns, 5400000000000);
	expect_errno(num_duration_ns("1m30", &ns), EINVAL);
	expect_errno(num_duration_ns("s", &ns), EINVAL);
	expect_errno(num_duration_ns("", &ns), EINVAL);
	expect_errno(num_duration_ns("9999999999h", &ns), ERANGE);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_u64_range),
		TEST(test_u32_refuses_what_is_no_number),
		TEST(test_i64_limits),
		TEST(test_octal_digits),
		TEST(test_size_suffixes),
		TEST(test_duration_forms),
		{ 0 },
	};

	return tap_run(tests);
}
