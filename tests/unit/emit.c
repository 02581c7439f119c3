#include "lib/emit.h"
#include "tests/unit/tap.h"

static void test_indents_like_an_encoder(void)
{
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b, .indent = 2 };

	emit_object(&e, NULL);
	emit_str(&e, "a", "x");
	emit_array(&e, "b");
	emit_int(&e, NULL, -1);
	emit_u64(&e, NULL, UINT64_MAX);
	emit_end(&e);
	emit_object(&e, "c");
	emit_end(&e);
	emit_bool(&e, "d", false);
	emit_null(&e, "e");
	emit_str_if(&e, "f", "");
	emit_end(&e);
	expect_str(b.data,
		   "{\n  \"a\": \"x\",\n  \"b\": [\n    -1,\n    18446744073709551615\n  ],\n"
		   "  \"c\": {},\n  \"d\": false,\n  \"e\": null\n}");
}

static void test_escapes_what_could_harm(void)
{
	static const char text[] =
		"\"\\\b\t\n\f\r\x01 <&> \x7f \xc3\xa9 \xff \xe2\x80\xa8 \xed\xa0\x80";
	_buf_ struct buf b = { 0 };

	emit_quoted(&b, text, sizeof(text) - 1, false);
	expect_str(b.data, "\"\\\"\\\\\\b\\t\\n\\f\\r\\u0001 <&> \x7f \xc3\xa9 \\ufffd \\u2028 "
			   "\\ufffd\\ufffd\\ufffd\"");
	buf_reset(&b);
	emit_quoted(&b, "<&>", 3, true);
	expect_str(b.data, "\"\\u003c\\u0026\\u003e\"");
}

static void test_strv_null_is_empty(void)
{
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	emit_strv(&e, NULL, NULL);
	expect_str(b.data, "[]");
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_indents_like_an_encoder),
		TEST(test_escapes_what_could_harm),
		TEST(test_strv_null_is_empty),
		{ 0 },
	};

	return tap_run(tests);
}
