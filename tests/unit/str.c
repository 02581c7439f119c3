#include "lib/str.h"
#include "lib/buf.h"
#include "tests/unit/tap.h"

static void test_names(void)
{
	static const char *const bad[] = { "", ".", "..", "-a", "a/b", "a b", "a\n", "\xc3\xa9" };
	char longest[257];

	memset(longest, 'a', 256);
	longest[256] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect(!str_is_name(bad[i]));
	expect(!str_is_name(longest));
	longest[255] = '\0';
	expect(str_is_name(longest));
	expect(str_is_name(".a") && str_is_name("A_b+c.d-e"));
}

static void test_utf8(void)
{
	static const char *const bad[] = { "\x80",	   "\xc0\x80",	       "\xe0\x80\x80",
					   "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
					   "\xff" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect(!str_is_utf8(bad[i], strlen(bad[i])));
	expect(str_is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
	expect(str_is_utf8("", 0));
}

static void test_setenv_replaces_by_name(void)
{
	_strv_ struct strv l = { 0 };

	strv_setenv(&l, "A=1");
	strv_setenv(&l, "AB=2");
	strv_setenv(&l, "A=3=4");
	expect_int(l.n, 2);
	expect_str(l.v[0], "A=3=4");
	expect_str(l.v[1], "AB=2");
	expect(!l.v[2]);
}

static void test_split_keeps_empty_pieces(void)
{
	_strv_ struct strv l = { 0 };

	strv_split(&l, ":a::b", ':');
	expect_int(l.n, 4);
	expect_str(l.v[0], "");
	expect_str(l.v[3], "b");
	expect_int(strv_index(l.v, "b"), 3);
	expect_int(strv_index(l.v, "z"), -1);
	expect_int(strv_index(NULL, "z"), -1);
}

static void test_buf_grows_and_is_terminated(void)
{
	_buf_ struct buf b = { 0 };

	expect_str(buf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%d,", i % 10);
	expect_int(b.len, 2000);
	expect_int(b.data[2000], 0);
	buf_reset(&b);
	buf_add(&b, "a\0b", 3);
	expect_int(b.len, 3);

	_free_ char *s = buf_steal(&b);

	expect_str(s, "a");
	expect(!b.data && !b.len);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_names),
		TEST(test_utf8),
		TEST(test_setenv_replaces_by_name),
		TEST(test_split_keeps_empty_pieces),
		TEST(test_buf_grows_and_is_terminated),
		{ 0 },
	};

	return tap_run(tests);
}
