/* shim_detach - the keys that leave a terminal. */
#include <string.h>

#include "shim/detach.h"
#include "tests/unit/tap.h"

/* Type text in one piece and then byte by byte; what the container gets, or NULL when the keys
 * left. */
static const char *typed(const char *keys, const char *text, bool *left)
{
	static char out[256];
	struct detach d;
	size_t n = 0, len = strlen(text);

	*left = false;
	expect_int(detach_parse(&d, keys), 0);
	for (size_t i = 0; i < len && !*left; i++)
		n += detach_filter(&d, text + i, 1, out + n, left);
	out[n] = '\0';
	return out;
}

static void test_keys_leave(void)
{
	bool left;

	expect_str(typed("ctrl-p,ctrl-q", "ab\020\021cd", &left), "ab");
	expect(left);
	expect_str(typed("a,b", "xab", &left), "x");
	expect(left);
}

static void test_a_start_of_them_is_typed(void)
{
	bool left;

	expect_str(typed("ctrl-p,ctrl-q", "\020x", &left), "\020x");
	expect(!left);
	expect_str(typed("a,a,b", "aaab", &left), "a");
	expect(left);
	expect_str(typed("a,b,a,c", "ababacx", &left), "ab");
	expect(left);
}

static void test_no_keys(void)
{
	bool left;

	expect_str(typed("", "\020\021", &left), "\020\021");
	expect(!left);
}

static void test_parse(void)
{
	static const char *const bad[] = { ",", "a,", "ctrl-", "ctrl-!", "ab", "ctrl-ab" };
	struct detach d;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_errno(detach_parse(&d, bad[i]), EINVAL);
	expect_int(detach_parse(&d, "ctrl-@,ctrl-[,ctrl-_,ctrl-z,x"), 0);
	expect_int(d.n, 5);
	expect_int(d.keys[1], 27);
	expect_errno(detach_parse(&d, "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"), EINVAL);
}

static const struct test tests[] = {
	TEST(test_keys_leave),
	TEST(test_a_start_of_them_is_typed),
	TEST(test_no_keys),
	TEST(test_parse),
	{ 0 },
};

int main(void)
{
	return tap_run(tests);
}
