#include "netns/netns.h"
#include "tests/unit/tap.h"

static char why[WHY_MAX];

static void test_portspec_forms(void)
{
	static const struct {
		const char *text, *host_ip, *protocol;
		uint32_t host_first, host_last, first, last;
	} good[] = {
		{ "80", NULL, "tcp", 0, 0, 80, 80 },
		{ "8080:80", NULL, "tcp", 8080, 8080, 80, 80 },
		{ "8080:80/udp", NULL, "udp", 8080, 8080, 80, 80 },
		{ "8080:80/SCTP", NULL, "sctp", 8080, 8080, 80, 80 },
		{ "127.0.0.1:8080:80", "127.0.0.1", "tcp", 8080, 8080, 80, 80 },
		{ "127.0.0.1::80", "127.0.0.1", "tcp", 0, 0, 80, 80 },
		{ "[fd00::1]:8080:80", "fd00::1", "tcp", 8080, 8080, 80, 80 },
		{ "1-3:4-6", NULL, "tcp", 1, 3, 4, 6 },
		{ "1-9:4", NULL, "tcp", 1, 9, 4, 4 },
		{ "4-6", NULL, "tcp", 0, 0, 4, 6 },
		{ "0.0.0.0:65535:1", "0.0.0.0", "tcp", 65535, 65535, 1, 1 },
	};
	char text[ADDR_TEXT_MAX];
	struct portspec s;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		expect_int(portspec_parse(good[i].text, &s, why), 0);
		expect_int(s.host_first, good[i].host_first);
		expect_int(s.host_last, good[i].host_last);
		expect_int(s.first, good[i].first);
		expect_int(s.last, good[i].last);
		expect_str(s.protocol, good[i].protocol);
		if (good[i].host_ip)
			expect_str(addr_text(&s.host_ip, false, text), good[i].host_ip);
		else
			expect_int(s.host_ip.family, 0);
	}
}

static void test_portspec_refuses_the_rest(void)
{
	static const char *const bad[] = {
		"",	   "0",	     "65536",	"80:",		 ":80x",	"80/icmp",
		"a:80:80", "5-4:80", "1-2:1-3", "1.2.3.4/5:1:1", "fd00::1:1:1", "[fd00::1:1:1",
		"-1",	   "80-",    "+80",
	};
	struct portspec s;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		why[0] = '\0';
		expect_errno(portspec_parse(bad[i], &s, why), EINVAL);
		expect(why[0]);
	}
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_portspec_forms),
		TEST(test_portspec_refuses_the_rest),
		{ 0 },
	};

	return tap_run(tests);
}
