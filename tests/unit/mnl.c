/* Ours does what libmnl itself does, with messages of every shape: it is loaded, and asked the
 * same. */
#include <dlfcn.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>

#include "tests/unit/tap.h"

enum { ROUNDS = 20000, ROOM = 256, SEEN = 256 };

/* clang-format off */
#define FUNCTIONS(X) \
	X(nlmsg_put_header) X(nlmsg_put_extra_header) X(nlmsg_ok) X(nlmsg_next) X(nlmsg_get_payload) \
	X(nlmsg_get_payload_offset) X(nlmsg_get_payload_tail) X(cb_run) X(attr_get_type) \
	X(attr_get_payload_len) X(attr_get_payload) X(attr_get_u8) X(attr_get_u16) X(attr_get_u32) \
	X(attr_get_u64) X(attr_get_str) X(attr_ok) X(attr_next) X(attr_put) X(attr_put_u8) \
	X(attr_put_u16) X(attr_put_u32) X(attr_put_u64) X(attr_put_str) X(attr_put_strz) \
	X(attr_nest_start) X(attr_nest_end) X(attr_type_valid) X(attr_validate) X(attr_parse) \
	X(attr_parse_nested)
/* clang-format on */

#define MEMBER(f) __typeof__(mnl_##f) *f;
struct mnl {
	FUNCTIONS(MEMBER)
};

#define OURS(f) .f = mnl_##f,
static const struct mnl ours = { FUNCTIONS(OURS) };
static struct mnl theirs;

static bool load(void)
{
	void *lib = dlopen("libmnl.so.0", RTLD_NOW | RTLD_LOCAL);
	bool all = lib;

#define LOAD(f) all = all && (theirs.f = dlsym(lib, "mnl_" #f)) && theirs.f != ours.f;
	FUNCTIONS(LOAD)
	return all;
}

static void build(const struct mnl *m, char *room)
{
	struct nlmsghdr *h = m->nlmsg_put_header(room);
	struct nlattr *outer, *inner;

	memcpy(m->nlmsg_put_extra_header(h, 5), "extra", 5);
	m->attr_put_u8(h, 1, 0xab);
	m->attr_put_u16(h, 2, 0xabcd);
	outer = m->attr_nest_start(h, 3);
	m->attr_put_u32(h, 4, 0x89abcdef);
	inner = m->attr_nest_start(h, 5);
	m->attr_put_u64(h, 6, 0x0123456789abcdef);
	m->attr_put_str(h, 7, "without its end");
	m->attr_nest_end(h, inner);
	m->attr_put_strz(h, 8, "with");
	m->attr_nest_end(h, outer);
	m->attr_put(h, 9, 0, NULL);
	m->attr_put(h, 10, 3, "\1\2\3");
}

static void test_builds_the_same_bytes(void)
{
	char a[ROOM] __attribute__((aligned(8))) = { 0 };
	char b[ROOM] __attribute__((aligned(8))) = { 0 };
	size_t len;

	build(&ours, a);
	build(&theirs, b);
	expect(!memcmp(a, b, sizeof(a)));
	len = ((struct nlmsghdr *)a)->nlmsg_len;
	expect(len > 100);
	/* Where theirs leaves between attributes what was there, ours does not. */
	memset(b, 0x5a, sizeof(b));
	build(&ours, b);
	expect(!memcmp(a, b, len));
}

/* What a walk over a buffer saw: each step's value, and how it ended. */
struct seen {
	const struct mnl *by;
	const char *base;
	long v[SEEN];
	size_t n, stop;
};

static void note(struct seen *s, long value)
{
	if (s->n < SEEN)
		s->v[s->n++] = value;
}

static void note_result(struct seen *s, int result)
{
	note(s, result);
	note(s, result < 0 ? errno : 0);
}

static int on_attr(const struct nlattr *attr, void *data)
{
	struct seen *s = data;
	const struct mnl *m = s->by;

	note(s, (char *)attr - s->base);
	note(s, m->attr_get_type(attr));
	note(s, m->attr_get_payload_len(attr));
	note_result(s, m->attr_type_valid(attr, 4));
	for (int type = 0; type <= MNL_TYPE_MAX; type++)
		note_result(s, m->attr_validate(attr, type));
	if (m->attr_get_payload_len(attr) >= 8) {
		note(s, m->attr_get_u8(attr) + m->attr_get_u16(attr) + m->attr_get_u32(attr));
		note(s, m->attr_get_u64(attr));
		note(s, m->attr_get_str(attr) - s->base);
		note_result(s, m->attr_parse_nested(attr, on_attr, s));
	}
	return s->n < s->stop ? MNL_CB_OK : (int)s->stop % 2 - 1;
}

static int on_message(const struct nlmsghdr *h, void *data)
{
	struct seen *s = data;

	note(s, (char *)h - s->base);
	note_result(s, s->by->attr_parse(h, 5, on_attr, s));
	return MNL_CB_OK;
}

static size_t shuffle_header(struct nlmsghdr *h, size_t limit, unsigned *seed)
{
	h->nlmsg_len = rand_r(seed) % (limit + 8);
	h->nlmsg_type = rand_r(seed) % 24;
	h->nlmsg_flags = rand_r(seed) % 8 ? 0 : NLM_F_DUMP_INTR;
	h->nlmsg_seq = rand_r(seed) % 3;
	h->nlmsg_pid = rand_r(seed) % 3;
	return h->nlmsg_len < MNL_NLMSG_HDRLEN ? limit : MNL_ALIGN(h->nlmsg_len);
}

static size_t shuffle_attr(struct nlattr *attr, unsigned *seed)
{
	attr->nla_len = rand_r(seed) % 24;
	attr->nla_type = rand_r(seed) % 8 | (rand_r(seed) % 4 ? 0 : NLA_F_NESTED);
	return attr->nla_len < MNL_ATTR_HDRLEN ? MNL_ATTR_HDRLEN : MNL_ALIGN(attr->nla_len);
}

/* Chance, but the same in every run; the headers mostly have a sense. Lengths over 2 GiB, which
 * libmnl takes for negative ones, are not among them. */
static void shuffle(char *room, unsigned *seed)
{
	size_t at;

	for (size_t i = 0; i < ROOM; i++)
		room[i] = rand_r(seed) % 4 ? 0 : rand_r(seed);
	for (at = MNL_NLMSG_HDRLEN + MNL_ALIGN(5); at + MNL_ATTR_HDRLEN <= ROOM;)
		at += shuffle_attr((void *)(room + at), seed);
	for (at = 0; at + MNL_NLMSG_HDRLEN <= ROOM;)
		at += shuffle_header((void *)(room + at), ROOM - at, seed);
}

static void walk(const struct mnl *m, const char *room, struct seen *s, size_t stop)
{
	*s = (struct seen){ .by = m, .base = room, .stop = stop };
	note_result(s, m->cb_run(room, ROOM, 1, 1, on_message, s));
}

static void test_reads_the_same(void)
{
	char room[ROOM] __attribute__((aligned(8)));
	struct seen a, b;
	unsigned seed = 1;
	size_t deep = 0;

	for (int i = 0; i < ROUNDS; i++) {
		size_t stop = rand_r(&seed) % SEEN;

		shuffle(room, &seed);
		walk(&ours, room, &a, stop);
		walk(&theirs, room, &b, stop);
		if (!expect_int(a.n, b.n) || !expect(!memcmp(a.v, b.v, a.n * sizeof(*a.v))))
			return;
		deep += a.n > 80;
	}
	expect(deep > ROUNDS / 50);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_builds_the_same_bytes),
		TEST(test_reads_the_same),
		{ 0 },
	};

	if (!load()) {
		puts("1..0 # SKIP libmnl.so.0 is not here");
		return 0;
	}
	return tap_run(tests);
}
