/* shim_policy - restart policies and health states, as docker has them. */
#include <fcntl.h>
#include <string.h>

#include "shim/health.h"
#include "shim/restart.h"
#include "tests/unit/tap.h"

static void test_restart_spellings(void)
{
	struct restart r;

	expect_int(restart_parse(&r, "no"), 0);
	expect_int(restart_decide(&r, 1, 0), -1);
	expect_int(restart_parse(&r, "unless-stopped"), 0);
	expect_int(restart_decide(&r, 0, 0), 100);
	expect_int(restart_parse(&r, "on-failure:3"), 0);
	expect_int(r.max, 3);
	expect_errno(restart_parse(&r, "on-failure:"), EINVAL);
	expect_errno(restart_parse(&r, "on-failure:x"), EINVAL);
	expect_errno(restart_parse(&r, "on-failures"), EINVAL);
	expect_errno(restart_parse(&r, "always:1"), EINVAL);
	expect_errno(restart_parse(&r, ""), EINVAL);
}

static void test_restart_backs_off(void)
{
	struct restart r;

	expect_int(restart_parse(&r, "always"), 0);
	expect_int(restart_decide(&r, 0, 0), 100);
	expect_int(restart_decide(&r, 0, 0), 200);
	expect_int(restart_decide(&r, 0, 9999), 400);
	expect_int(restart_decide(&r, 0, 10000), 100);
	for (int i = 0; i < 20; i++)
		restart_decide(&r, 0, 0);
	expect_int(restart_decide(&r, 0, 0), 60000);
	expect_int(r.count, 25);
}

static void test_restart_on_failure(void)
{
	struct restart r;

	expect_int(restart_parse(&r, "on-failure:2"), 0);
	expect_int(restart_decide(&r, 0, 0), -1);
	expect_int(restart_decide(&r, 137, 0), 100);
	expect_int(restart_decide(&r, 1, 20000), 100);
	expect_int(restart_decide(&r, 1, 20000), -1);
	expect_int(restart_parse(&r, "on-failure:0"), 0);
	expect_int(restart_decide(&r, 1, 0), 100);
}

static void test_health(void)
{
	struct health_state s = { 0 };

	/* While it starts up a failure does not count. */
	expect(!health_take(&s, 1, true, 2));
	expect_int(s.streak, 0);
	expect(health_take(&s, 0, true, 2));
	expect_int(s.status, HEALTH_HEALTHY);
	/* One success has ended that. */
	expect(!health_take(&s, 1, true, 2));
	expect(health_take(&s, PROBE_TIMED_OUT, true, 2));
	expect_int(s.status, HEALTH_UNHEALTHY);
	expect_int(s.streak, 2);
	expect(!health_take(&s, 1, false, 2));
	expect(health_take(&s, 0, false, 2));
	expect_int(s.status, HEALTH_HEALTHY);
	expect_int(s.streak, 0);
}

static void test_never_healthy(void)
{
	struct health_state s = { 0 };

	expect(!health_take(&s, 1, false, 2));
	expect_str(health_name(s.status), "starting");
	expect(health_take(&s, 1, false, 2));
	expect_str(health_name(s.status), "unhealthy");
}

/* Its child holds the output and writes for ever; that it ended is enough. */
static void test_probe_ends_before_its_child(void)
{
	char output[PROBE_OUTPUT_MAX];
	struct probe p = { .output = output, .max = sizeof(output) };
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"echo said; yes & exit 3", NULL };

	probe_run(&p, argv, 60000, AT_FDCWD, ".no-such-pid-file");
	expect_int(p.code, 3);
	expect(p.len >= 5 && !memcmp(output, "said\n", 5));
}

static const struct test tests[] = {
	TEST(test_restart_spellings),
	TEST(test_restart_backs_off),
	TEST(test_restart_on_failure),
	TEST(test_health),
	TEST(test_never_healthy),
	TEST(test_probe_ends_before_its_child),
	{ 0 },
};

int main(void)
{
	return tap_run(tests);
}
