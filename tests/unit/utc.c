#include <string.h>

#include "lib/utc.h"
#include "tests/unit/tap.h"

static void test_format_is_what_the_library_says(void)
{
	/* A day and a bit more, so that every time of day comes by, up to the year 2400. */
	for (time_t at = 0; at < 13569465600; at += 86400 + 3727) {
		struct timespec t = { .tv_sec = at, .tv_nsec = at % 1000000000 };
		char text[UTC_MAX], expected[UTC_MAX], seconds[32];
		struct tm tm;

		gmtime_r(&at, &tm);
		strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(expected, sizeof(expected), "%s.%09ldZ", seconds, t.tv_nsec);
		if (!expect_str(utc_format(&t, text), expected))
			return;
	}
}

static void test_format_of_leap_days(void)
{
	char text[UTC_MAX];

	expect_str(utc_format(&(struct timespec){ 951782399, 1 }, text),
		   "2000-02-28T23:59:59.000000001Z");
	expect_str(utc_format(&(struct timespec){ 951782400, 0 }, text),
		   "2000-02-29T00:00:00.000000000Z");
	expect_str(utc_format(&(struct timespec){ 4107542400, 0 }, text),
		   "2100-03-01T00:00:00.000000000Z");
}

static void test_now_has_the_digits_asked_for(void)
{
	static const struct {
		int digits;
		size_t length;
	} rows[] = { { 0, 20 }, { 6, 27 }, { 9, 30 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[UTC_MAX];

		expect_int((int)strlen(utc_now(rows[i].digits, text)), (int)rows[i].length);
		expect(text[rows[i].length - 1] == 'Z');
	}
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_format_is_what_the_library_says),
		TEST(test_format_of_leap_days),
		TEST(test_now_has_the_digits_asked_for),
		{ 0 },
	};

	return tap_run(tests);
}
