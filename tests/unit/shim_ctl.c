/* shim_ctl - control lines. */
#include <string.h>

#include "shim/ctl.h"
#include "tests/unit/tap.h"

/* The last command in text. */
static struct ctl_command last(const char *text)
{
	struct ctl_reader r = { 0 };
	struct ctl_command cmd, found = { 0 };

	for (size_t i = 0, len = strlen(text); i < len;) {
		i += ctl_read(&r, text + i, len - i, &cmd);
		if (cmd.verb)
			found = cmd;
	}
	return found;
}

static void test_words(void)
{
	struct ctl_command c = last("resize 24 80\n");

	expect_int(c.verb, CTL_RESIZE);
	expect_int(c.rows, 24);
	expect_int(c.cols, 80);
	expect_int(last("reopen\n").verb, CTL_REOPEN);
	expect_int(last("eof\n").verb, CTL_EOF);
}

static void test_conmon_numbers(void)
{
	expect_int(last("1 24 80\n").verb, CTL_RESIZE);
	expect_int(last("1 24 80\n").cols, 80);
	expect_int(last("2 0 0\n").verb, CTL_REOPEN);
}

static void test_bad_lines_are_skipped(void)
{
	static const char *const bad[] = { "\n",
					   "1 2\n",
					   "1 2 3 4\n",
					   "resize a 1\n",
					   "resize -1 1\n",
					   "3 0 0\n",
					   "reopen 1\n",
					   "resize 10001 1\n",
					   "resize 1 1" /* no end */ };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_int(last(bad[i]).verb, CTL_NONE);
	expect_int(last("rubbish\n1 2 3\n").verb, CTL_RESIZE);
}

static void test_long_line_costs_itself_only(void)
{
	char text[CTL_LINE_MAX * 3 + 32];

	memset(text, 'x', CTL_LINE_MAX * 3);
	memcpy(text + CTL_LINE_MAX * 3, "\n1 2 3\n", 8);
	expect_int(last(text).verb, CTL_RESIZE);
}

static const struct test tests[] = {
	TEST(test_words),
	TEST(test_conmon_numbers),
	TEST(test_bad_lines_are_skipped),
	TEST(test_long_line_costs_itself_only),
	{ 0 },
};

int main(void)
{
	return tap_run(tests);
}
