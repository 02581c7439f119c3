#include "lib/json.h"
#include "lib/emit.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/tap.h"

static char why[JSON_WHY_MAX];

static struct json *parse(const char *s)
{
	return json_parse(s, strlen(s), 0, why);
}

static void refused(const char *text, const char *reason)
{
	_json_ struct json *j = parse(text);

	expect(!j);
	if (!j && !strstr(why, reason))
		expect_str(why, reason);
}

static void test_parse_refuses(void)
{
	refused("", "");
	refused("{\"a\":1,\n\"a\":2}", "duplicate key 'a'");
	refused("{\"x\":{\"b\":1,\"c\":2,\"b\":3}}", "duplicate key 'b'");
	refused("\"a\\u0000b\"", "NUL in a string");
	refused("{\"a\\u0000b\":1}", "NUL in a key");
	refused("{} {}", "trailing garbage");
	refused("[1,]", "line 1");
	refused("\n\n[x]", "line 3");
	refused("\"\xff\"", "UTF8");
	refused("{'a':1}", "line 1");
	refused("// c\n1", "line 1");
}

static void test_parse_bounds_depth(void)
{
	_buf_ struct buf b = { 0 };

	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_addc(&b, '[');
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_addc(&b, ']');

	_json_ struct json *j = parse(b.data);

	expect(j != NULL);

	_free_ char *deeper = xasprintf("[%s]", b.data);

	refused(deeper, "nested too deeply");
}

static void test_parse_last_wins(void)
{
	const char *s = "{\"a\":1,\"b\":2,\"a\":3,\"b\":4,\"c\":{\"d\":1,\"d\":2}}";
	_json_ struct json *j = json_parse(s, strlen(s), JSON_LAST_WINS, why);
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	if (!expect(j != NULL))
		return;
	emit_json(&e, NULL, j);
	expect_str(b.data, "{\"a\":3,\"b\":4,\"c\":{\"d\":2}}");
}

static void test_find_paths(void)
{
	_json_ struct json *j = parse(
		"{\"mounts\":[{\"source\":\"a\"},{\"source\":\"b\"}],\"n\":null}");

	if (!expect(j != NULL))
		return;
	expect_str(json_get_str(json_find(j, "mounts[1]"), "source"), "b");
	expect_str(json_find(j, "mounts.0.source")->text, "a");
	expect(!json_find(j, "mounts[2]"));
	expect(!json_find(j, "mounts.x"));
	expect(!json_find(j, "n.x"));
	expect(json_find(j, "n")->type == JSON_NULL);
	expect(json_find(j, "") == j);
	expect_int(json_count(json_get(j, "mounts")), 2);
}

static void test_edit_tree(void)
{
	_json_ struct json *j = parse("{\"a\":1,\"b\":2,\"c\":[1,2,3]}");
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	if (!expect(j != NULL))
		return;
	json_set(j, "a", json_new_str("x"));
	json_set(j, "c", json_new_int(-7));
	json_append(json_make(j, "d", JSON_ARRAY), json_new_bool(true));
	json_append(json_make(j, "d", JSON_ARRAY), json_copy(json_get(j, "a")));
	expect(json_remove(j, json_get(j, "b")));
	emit_json(&e, NULL, j);
	expect_str(b.data, "{\"a\":\"x\",\"c\":-7,\"d\":[true,\"x\"]}");
}

static void test_remove_last_then_append(void)
{
	_json_ struct json *j = parse("[1,2]");
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	if (!expect(j != NULL))
		return;
	expect(json_remove(j, j->last));
	expect(json_remove(j, j->last));
	json_append(j, json_new_int(9));
	emit_json(&e, NULL, j);
	expect_str(b.data, "[9]");
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_parse_refuses),
		TEST(test_parse_bounds_depth),
		TEST(test_parse_last_wins),
		TEST(test_find_paths),
		TEST(test_edit_tree),
		TEST(test_remove_last_then_append),
		{ 0 },
	};

	return tap_run(tests);
}
