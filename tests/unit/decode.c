#include "lib/decode.h"
#include "tests/unit/tap.h"

struct inner {
	char *path;
	int kind;
};

struct outer {
	char *name, **args;
	bool on, has_limit;
	int64_t limit;
	uint32_t id;
	struct inner *one, *many;
	size_t n_many;
	struct decode_map labels;
};

static const struct decode_name kinds[] = { { "a", 1 }, { "b", 2 }, { NULL, 0 } };
static const struct field inner_fields[] = {
	STR(struct inner, path, REQUIRED | ABSPATH),
	ENUM(struct inner, kind, kinds, 0),
	END,
};
static const struct schema inner_schema = { sizeof(struct inner), inner_fields };
static const struct field outer_fields[] = {
	STR(struct outer, name, NONEMPTY),
	STRV(struct outer, args, 0),
	BOOL(struct outer, on),
	I64_HAS(struct outer, limit, has_limit),
	U32(struct outer, id, 0),
	OBJ(struct outer, one, &inner_schema, 0),
	LIST(struct outer, many, n_many, &inner_schema, 0),
	MAP(struct outer, labels, 0),
	END,
};
static const struct schema outer_schema = { sizeof(struct outer), outer_fields };

static int parse(const char *text, struct outer *out, char *why)
{
	char json_why[JSON_WHY_MAX];
	_json_ struct json *j = json_parse(text, strlen(text), 0, json_why);

	*out = (struct outer){ 0 };
	return expect(j != NULL) ? decode(&outer_schema, j, "linux", out, why) : -1;
}

static void test_fills_every_kind(void)
{
	char why[DECODE_WHY_MAX];
	struct outer o;

	expect_int(parse("{\"name\":\"n\",\"args\":[\"x\",\"y\"],\"on\":true,\"limit\":-1,\"id\":7,"
			 "\"one\":{\"path\":\"/p\"},\"many\":[{\"path\":\"/q\",\"kind\":\"b\"}],"
			 "\"labels\":{\"k\":\"v\"},\"unknown\":{}}",
			 &o, why),
		   0);
	expect_str(o.name, "n");
	expect_str(o.args[1], "y");
	expect(o.on && o.has_limit && o.limit == -1 && o.id == 7);
	expect_str(o.one->path, "/p");
	expect_int(o.n_many, 1);
	expect_int(o.many[0].kind, 2);
	expect_str(decode_map_get(&o.labels, "k"), "v");
	expect(!decode_map_get(&o.labels, "z"));
	decode_free(&outer_schema, &o);
	expect(!o.name && !o.n_many);
}

static void test_absent_and_null_are_the_same(void)
{
	char why[DECODE_WHY_MAX];
	struct outer o;

	expect_int(parse("{\"limit\":null,\"many\":null}", &o, why), 0);
	expect(!o.has_limit && !o.many);
	decode_free(&outer_schema, &o);
}

static void test_errors_name_the_member(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "[]", "linux: object wanted, array found" },
		{ "{\"name\":1}", "linux.name: string wanted, number found" },
		{ "{\"name\":\"\"}", "linux.name: empty" },
		{ "{\"args\":[\"a\",2]}", "linux.args[1]: string wanted, number found" },
		{ "{\"limit\":1.5}", "linux.limit: not a whole number in range" },
		{ "{\"id\":4294967296}", "linux.id: out of range" },
		{ "{\"on\":\"true\"}", "linux.on: boolean wanted, string found" },
		{ "{\"one\":{}}", "linux.one.path: missing" },
		{ "{\"many\":[{\"path\":\"/a\"},{\"path\":\"b\"}]}",
		  "linux.many[1].path: not an absolute path" },
		{ "{\"many\":[1]}", "linux.many[0]: object wanted, number found" },
		{ "{\"one\":{\"path\":\"/\",\"kind\":\"c\"}}",
		  "linux.one.kind: unknown value 'c'" },
		{ "{\"labels\":{\"k\":1}}", "linux.labels.k: string wanted, number found" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char why[DECODE_WHY_MAX] = "";
		struct outer o;

		expect_errno(parse(rows[i].text, &o, why), EINVAL);
		expect_str(why, rows[i].why);
		decode_free(&outer_schema, &o);
	}
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_fills_every_kind),
		TEST(test_absent_and_null_are_the_same),
		TEST(test_errors_name_the_member),
		{ 0 },
	};

	return tap_run(tests);
}
