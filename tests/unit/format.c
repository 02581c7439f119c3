#include "engine/format.h"
#include "tests/unit/tap.h"

static const char *expand(const char *template)
{
	static const char text[] =
		"{\"name\":\"docker.io/library/"
		"busybox:1.36\",\"n\":1234567,\"o\":{\"k\":[1,\"a\"]},"
		"\"id\":\"sha256:0123456789abcdef\",\"local\":\"127.0.0.1:5000/app@sha256:ab\"}";
	static char out[256];
	char json_why[JSON_WHY_MAX];
	_json_ struct json *root = json_parse(text, sizeof(text) - 1, 0, json_why);
	_buf_ struct buf b = { 0 };
	_free_ char *why = NULL;

	snprintf(out, sizeof(out), "%s",
		 format_expand(template, root, &b, &why) ? why : buf_str(&b));
	return out;
}

static void test_expand_fields(void)
{
	expect_str(expand("{{.n}}\\t{{ .o.k }}|"), "1234567\t[1,\"a\"]|");
	expect_str(expand("{{json .name}}"), "\"docker.io/library/busybox:1.36\"");
	expect_str(expand("{{.nothing}} {{json .nothing}}"), "<no value> null");
	expect_str(expand("plain {{"), "plain {{");
}

static void test_expand_functions(void)
{
	expect_str(expand("{{repo .name}} {{tag .name}}"), "busybox 1.36");
	expect_str(expand("{{repo .local}} {{tag .local}}"), "127.0.0.1:5000/app <none>");
	expect_str(expand("{{size .n}}"), "1.23MB");
	expect_str(expand("{{short .id}}"), "0123456789ab");
}

static void test_expand_refuses(void)
{
	expect_str(expand("{{range .o}}"),
		   "format: only {{.Field}} and {{json .Field}} are understood, not 'range .o'");
	expect_str(expand("{{.a | upper}}"),
		   "format: only {{.Field}} and {{json .Field}} are understood, not '.a | upper'");
}

static const char *duration(int64_t seconds)
{
	static char out[64];
	_buf_ struct buf b = { 0 };

	format_duration(seconds, &b);
	snprintf(out, sizeof(out), "%s", buf_str(&b));
	return out;
}

static void test_duration(void)
{
	expect_str(duration(0), "Less than a second");
	expect_str(duration(1), "1 second");
	expect_str(duration(59), "59 seconds");
	expect_str(duration(61), "About a minute");
	expect_str(duration(121), "2 minutes");
	expect_str(duration(3600), "About an hour");
	expect_str(duration(47 * 3600), "47 hours");
	expect_str(duration(48 * 3600), "2 days");
	expect_str(duration(15 * 86400), "2 weeks");
	expect_str(duration(100 * 86400), "3 months");
	expect_str(duration(800 * 86400), "2 years");
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_expand_fields),
		TEST(test_expand_functions),
		TEST(test_expand_refuses),
		TEST(test_duration),
		{ 0 },
	};

	return tap_run(tests);
}
