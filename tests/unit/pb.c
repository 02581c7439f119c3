#include "lib/pb.h"
#include "tests/unit/tap.h"

struct inner {
	char *name;
	int32_t n;
};

struct outer {
	bool on;
	uint32_t u;
	int64_t big;
	double d;
	char *s;
	struct pb_bytes b;
	struct strv words, map;
	struct pb_u64v v;
	struct inner one, always;
	struct pb_list many;
};

static const struct pb_field inner_fields[] = {
	{ 1, PB_STR, offsetof(struct inner, name), NULL },
	{ 2, PB_I32, offsetof(struct inner, n), NULL },
	{ 0 },
};
static const struct pb_schema inner = { sizeof(struct inner), inner_fields };

static const struct pb_field outer_fields[] = {
	{ 1, PB_BOOL, offsetof(struct outer, on), NULL },
	{ 2, PB_U32, offsetof(struct outer, u), NULL },
	{ 3, PB_I64, offsetof(struct outer, big), NULL },
	{ 4, PB_DOUBLE, offsetof(struct outer, d), NULL },
	{ 5, PB_STR, offsetof(struct outer, s), NULL },
	{ 6, PB_BYTES, offsetof(struct outer, b), NULL },
	{ 7, PB_STRV, offsetof(struct outer, words), NULL },
	{ 8, PB_MAP, offsetof(struct outer, map), NULL },
	{ 9, PB_U64V, offsetof(struct outer, v), NULL },
	{ 10, PB_MSG, offsetof(struct outer, one), &inner },
	{ 11, PB_SUB, offsetof(struct outer, always), &inner },
	{ 300, PB_LIST, offsetof(struct outer, many), &inner },
	{ 0 },
};
static const struct pb_schema outer = { sizeof(struct outer), outer_fields };

static int decode(struct outer *o, const char *data, size_t len)
{
	memset(o, 0, sizeof(*o));
	return pb_decode(&outer, data, len, o);
}

#define DECODE(o, literal) decode(o, literal, sizeof(literal) - 1)

static void test_decodes_each_kind(void)
{
	struct outer o;
	const struct inner *item;

	expect_int(DECODE(&o, "\x08\x01\x10\xac\x02\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
			      "\x21\0\0\0\0\0\0\xf8\x3f\x2a\2hi\x32\3a\0b\x3a\1x\x3a\0"
			      "\x42\6\n\1k\x12\1v\x4a\3\1\xac\2\x48\7\x52\3\n\1q\xe2\x12\2\x10\5"),
		   0);
	expect(o.on);
	expect_int(o.u, 300);
	expect_int(o.big, -1);
	expect(o.d == 1.5);
	expect_str(o.s, "hi");
	expect_int(o.b.len, 3);
	expect_int(o.words.n, 2);
	expect_str(o.words.v[0], "x");
	expect_str(o.map.v[0], "k");
	expect_str(o.map.v[1], "v");
	expect_int(o.v.n, 3);
	expect_int(o.v.v[1], 300);
	expect_int(o.v.v[2], 7);
	expect_str(o.one.name, "q");
	expect_int(o.many.n, 1);
	item = o.many.v;
	expect_int(item->n, 5);
	pb_free(&outer, &o);
	expect(!o.s && !o.many.v);
}

static void test_encodes_what_it_decoded(void)
{
	static const char wire[] =
		"\x08\x01\x2a\2hi\x42\6\n\1k\x12\1v\x4a\2\1\2\x5a\0\xe2\x12\2\x10"
		"\5\xe2\x12\0";
	_buf_ struct buf out = { 0 };
	struct outer o;

	expect_int(DECODE(&o, wire), 0);
	pb_encode(&outer, &o, &out);
	expect_int(out.len, sizeof(wire) - 1);
	expect(!memcmp(out.data, wire, out.len));
	pb_free(&outer, &o);
}

static void test_writes_a_negative_enum_as_64_bits(void)
{
	struct inner i = { .n = -1 };
	_buf_ struct buf out = { 0 };

	pb_encode(&inner, &i, &out);
	expect_int(out.len, 11);
}

static void test_skips_what_it_does_not_know(void)
{
	struct outer o;

	expect_int(
		DECODE(&o,
		       "\xa0\x06\x05\xa1\x06\1\2\3\4\5\6\7\x08\xa2\x06\1x\xa5\x06\1\2\3\4\x10\1"),
		0);
	expect_int(o.u, 1);
	pb_free(&outer, &o);
}

static void test_refuses_what_is_no_message(void)
{
	struct outer o;

	expect_errno(DECODE(&o, "\x10"), EBADMSG);	 /* ends early */
	expect_errno(DECODE(&o, "\x2a\5hi"), EBADMSG);	 /* longer than it is */
	expect_errno(DECODE(&o, "\x2a\2a\0"), EBADMSG);	 /* NUL in a string */
	expect_errno(DECODE(&o, "\x2a\1\xff"), EBADMSG); /* no UTF-8 */
	expect_errno(DECODE(&o, "\x28\1"), EBADMSG);	 /* a number for a string */
	expect_errno(DECODE(&o, "\x12\1x"), EBADMSG);	 /* and the other way */
	expect_errno(DECODE(&o, "\x0b\x0c"), EBADMSG);	 /* a group */
	expect_errno(DECODE(&o, "\x00\x01"), EBADMSG);	 /* field 0 */
	expect_errno(DECODE(&o, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), EBADMSG);
	expect_errno(DECODE(&o, "\x4a\1\xff"), EBADMSG);
	expect_errno(DECODE(&o, "\x42\2\n\5"), EBADMSG);
	pb_free(&outer, &o);
}

static void test_the_last_of_a_kind_wins(void)
{
	struct outer o;

	expect_int(DECODE(&o, "\x2a\1a\x2a\1b\x32\1a\x32\2bc\x52\2\x10\7\x52\3\n\1q"), 0);
	expect_str(o.s, "b");
	expect_str(o.b.data, "bc");
	expect_int(o.one.n, 7);
	expect_str(o.one.name, "q");
	pb_free(&outer, &o);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_decodes_each_kind),
		TEST(test_encodes_what_it_decoded),
		TEST(test_writes_a_negative_enum_as_64_bits),
		TEST(test_skips_what_it_does_not_know),
		TEST(test_refuses_what_is_no_message),
		TEST(test_the_last_of_a_kind_wins),
		{ 0 },
	};

	return tap_run(tests);
}
