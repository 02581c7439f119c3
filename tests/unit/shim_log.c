/* shim_log - cutting records, writing and reading both formats. */
#include <string.h>

#include "shim/format.h"
#include "shim/logread.h"
#include "tests/unit/tap.h"

static char out[FORMAT_MAX + 1];

static const char *json_of(const char *text, size_t len)
{
	out[format_json_text(out, text, len)] = '\0';
	return out;
}

#define JSON(s) json_of(s, sizeof(s) - 1)

static void test_json_escapes_as_go(void)
{
	expect_str(JSON("plain"), "plain");
	expect_str(JSON("\"\\\n\r"), "\\\"\\\\\\n\\r");
	expect_str(JSON("\t\b\f\x1f"), "\\u0009\\u0008\\u000c\\u001f");
	expect_str(JSON("\0"), "\\u0000");
	expect_str(JSON("<&>"), "\\u003c\\u0026\\u003e");
	expect_str(JSON("\x7f"), "\x7f");
	expect_str(JSON("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"), "\\u2028\\u2029\xe2\x80\xaa");
	expect_str(JSON("0123456789abcdef\"0123456789abcde\""),
		   "0123456789abcdef\\\"0123456789abcde\\\"");
}

static void test_json_utf8(void)
{
	expect_str(JSON("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
		   "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	expect_str(JSON("\xff"), "\\ufffd");
	expect_str(JSON("\xc0\x80"), "\\ufffd\\ufffd");
	expect_str(JSON("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");
	expect_str(JSON("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd");
	expect_str(JSON("\xe2\x82"), "\\ufffd\\ufffd");
	expect_str(JSON("\xe2\x82x"), "\\ufffd\\ufffdx");
}

static struct stamp stamp_at(time_t s, long ns)
{
	struct timespec ts = { s, ns };
	struct stamp st;

	stamp_set(&st, &ts);
	return st;
}

static void test_stamps(void)
{
	struct stamp st = stamp_at(1795288988, 566169492);

	setenv("TZ", "UTC0", 1);
	tzset();
	expect_str(st.utc, "2026-11-21T19:23:08.566169492Z");
	expect_str(stamp_at(0, 0).utc, "1970-01-01T00:00:00Z");
	expect_str(stamp_at(0, 120000000).utc, "1970-01-01T00:00:00.12Z");
	expect_str(stamp_at(0, 5).utc, "1970-01-01T00:00:00.000000005Z");
	expect_str(stamp_at(0, 5).local, "1970-01-01T00:00:00.000000005+00:00");
	setenv("TZ", "IST-5:30", 1);
	tzset();
	expect_str(stamp_at(0, 0).local, "1970-01-01T05:30:00.000000000+05:30");
	setenv("TZ", "XXX3:30", 1);
	tzset();
	expect_str(stamp_at(86400, 0).local, "1970-01-01T20:30:00.000000000-03:30");
}

static void test_formats(void)
{
	struct record rec = { "a\"b", 3, STREAM_ERR, false };
	struct stamp st;

	setenv("TZ", "UTC0", 1);
	tzset();
	st = stamp_at(1, 500000000);
	out[format_json(out, &rec, &st)] = '\0';
	expect_str(out, "{\"log\":\"a\\\"b\\n\",\"stream\":\"stderr\",\"time\":\"1970-01-01T00:00:"
			"01.5Z\"}\n");
	out[format_k8s(out, &rec, &st)] = '\0';
	expect_str(out, "1970-01-01T00:00:01.500000000+00:00 stderr F a\"b\n");
	rec.partial = true;
	rec.stream = STREAM_OUT;
	out[format_json(out, &rec, &st)] = '\0';
	expect_str(
		out,
		"{\"log\":\"a\\\"b\",\"stream\":\"stdout\",\"time\":\"1970-01-01T00:00:01.5Z\"}\n");
	out[format_k8s(out, &rec, &st)] = '\0';
	expect_str(out, "1970-01-01T00:00:01.500000000+00:00 stdout P a\"b\n");
}

static void test_worst_case_fits(void)
{
	static char nuls[LOG_LINE_MAX];
	struct record rec = { nuls, sizeof(nuls), STREAM_OUT, true };
	struct stamp st = stamp_at(1, 123456789);

	expect(format_json(out, &rec, &st) <= FORMAT_MAX);
}

static void test_record_next(void)
{
	static char text[3 * LOG_LINE_MAX];
	struct record rec;

	expect_int(record_next("ab\ncd", 5, false, &rec), 3);
	expect_int(rec.len, 2);
	expect(!rec.partial);
	expect_int(record_next("cd", 2, false, &rec), 0);
	expect_int(record_next("cd", 2, true, &rec), 2);
	expect(rec.partial);
	expect_int(record_next("\n", 1, false, &rec), 1);
	expect_int(rec.len, 0);

	memset(text, 'x', sizeof(text));
	expect_int(record_next(text, LOG_LINE_MAX - 1, false, &rec), 0);
	expect_int(record_next(text, LOG_LINE_MAX, false, &rec), LOG_LINE_MAX);
	expect(rec.partial);
	text[LOG_LINE_MAX] = '\n';
	expect_int(record_next(text, LOG_LINE_MAX + 1, false, &rec), LOG_LINE_MAX);
	expect(rec.partial);
	expect_int(record_next(text + LOG_LINE_MAX, 1, false, &rec), 1);
	expect(!rec.partial);
	text[LOG_LINE_MAX - 1] = '\n';
	expect_int(record_next(text, sizeof(text), false, &rec), LOG_LINE_MAX);
	expect_int(rec.len, LOG_LINE_MAX - 1);
	expect(!rec.partial);
}

/* The text of a log line, with its newline if it has one; "bad" for what is none. */
static const char *text_of(const char *line)
{
	static char copy[512], text[512];
	struct entry e;

	snprintf(copy, sizeof(copy), "%s", line);
	if (logread_line(copy, strlen(copy), &e) < 0)
		return "bad";
	snprintf(text, sizeof(text), "%.*s%s", (int)e.rec.len, e.rec.text,
		 e.rec.partial ? "" : "\n");
	return text;
}

#define TAIL "\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}"

static void test_read_json(void)
{
	expect_str(text_of("{\"log\":\"a\\n" TAIL), "a\n");
	expect_str(text_of("{\"log\":\"a" TAIL), "a");
	expect_str(text_of("{\"log\":\"\\u00e9\\u20ac\\ud83d\\ude00\\ud800\\t\\/\\\"" TAIL),
		   "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd\t/\"");
	expect_str(text_of("{\"attrs\":{\"a\":\"}\",\"b\":[1,{}]},\"log\":\"x" TAIL), "x");
	expect_str(text_of("{\"log\":\"a\\x" TAIL), "bad");
	expect_str(text_of("{\"log\":\"a\\u12" TAIL), "bad");
	expect_str(text_of("{\"log\":\"a\",\"stream\":\"x\",\"time\":\"2026-01-01T00:00:00Z\"}"),
		   "bad");
	expect_str(text_of("{\"log\":\"a\",\"stream\":\"stdout\"}"), "bad");
	expect_str(text_of("{\"log\":\"a"), "bad");
	expect_str(text_of("{"), "bad");
}

static void test_read_k8s(void)
{
	expect_str(text_of("2026-11-21T19:21:08.566169492+00:00 stdout F a b"), "a b\n");
	expect_str(text_of("2026-11-21T19:21:08Z stderr P "), "");
	expect_str(text_of("2026-11-21T19:21:08Z stderr X a"), "bad");
	expect_str(text_of("2026-11-21T19:21:08Z stdin F a"), "bad");
	expect_str(text_of("2026-11-21T19:21:08Z stdout F"), "bad");
	expect_str(text_of("yesterday stdout F a"), "bad");
	expect_str(text_of(""), "bad");
}

static int64_t time_of(const char *s)
{
	int64_t ns;

	return logread_time(s, strlen(s), &ns) < 0 ? -1 : ns;
}

static void test_read_time(void)
{
	expect_int(time_of("1970-01-01T00:00:01Z"), 1000000000);
	expect_int(time_of("1970-01-01T01:00:01.000000002+01:00"), 1000000002);
	expect_int(time_of("1970-01-01T00:00:00.5Z"), 500000000);
	expect_int(time_of("1969-12-31T23:30:00-00:30"), 0);
	expect_int(time_of("1970-01-01T00:00:01"), -1);
	expect_int(time_of("1970-13-01T00:00:01Z"), -1);
	expect_int(time_of("1970-01-01 00:00:01Z"), -1);
	expect_int(time_of("9999-01-01T00:00:01Z"), -1);
}

static const struct test tests[] = {
	TEST(test_json_escapes_as_go),
	TEST(test_json_utf8),
	TEST(test_stamps),
	TEST(test_formats),
	TEST(test_worst_case_fits),
	TEST(test_record_next),
	TEST(test_read_json),
	TEST(test_read_k8s),
	TEST(test_read_time),
	{ 0 },
};

int main(void)
{
	return tap_run(tests);
}
