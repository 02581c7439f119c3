#include <fcntl.h>

#include "netns/netns.h"
#include "tests/unit/tap.h"

static const char tiny[] =
	"{\"name\":\"tiny\",\"plugins\":[{\"type\":\"bridge\",\"bridge\":\"b\",\"isGateway\":true,"
	"\"ipam\":{\"type\":\"host-local\",\"ranges\":[[{\"subnet\":\"10.1.0.0/29\"}],"
	"[{\"subnet\":\"fd00::/64\",\"rangeStart\":\"fd00::10\",\"rangeEnd\":\"fd00::11\"}]]}}]}";

static struct network net;

static const char *take(int dirfd, unsigned set, const char *owner)
{
	struct pool pool = { .dirfd = dirfd, .net = &net, .set = set };
	static struct ip ip;

	free(ip.address);
	free(ip.gateway);
	ip = (struct ip){ 0 };
	return lease_take(&pool, owner, NULL, &ip) ? NULL : ip.address;
}

static void test_lease_goes_round(void)
{
	int dirfd;

	tap_dir(&dirfd);
	expect_str(take(dirfd, 0, "a/eth0"), "10.1.0.2/29");
	expect_str(take(dirfd, 0, "b/eth0"), "10.1.0.3/29");
	lease_drop(dirfd, "10.1.0.2/29", "a/eth0");
	expect_str(take(dirfd, 0, "c/eth0"), "10.1.0.4/29");
	expect_str(take(dirfd, 0, "d/eth0"), "10.1.0.5/29");
	expect_str(take(dirfd, 0, "e/eth0"), "10.1.0.6/29");
	expect(!lease_are_recycled(dirfd));
	expect_str(take(dirfd, 0, "f/eth0"), "10.1.0.2/29");
	expect(lease_are_recycled(dirfd));
	expect(!take(dirfd, 0, "g/eth0"));
	expect_int(errno, EADDRNOTAVAIL);
	expect_str(take(dirfd, 1, "a/eth0"), "fd00::10/64");
	expect_str(take(dirfd, 1, "b/eth0"), "fd00::11/64");
	expect(!take(dirfd, 1, "c/eth0"));
	close(dirfd);
}

static void test_lease_is_dropped_by_its_owner_only(void)
{
	int dirfd;

	tap_dir(&dirfd);
	unlinkat(dirfd, "10.1.0.4", 0);
	expect_int(symlinkat("a/eth0", dirfd, "10.1.0.4"), 0);
	lease_drop(dirfd, "10.1.0.4/29", "b/eth0");
	expect(lease_is_of(dirfd, "10.1.0.4/29", "a/eth0"));
	lease_drop(dirfd, "10.1.0.4/29", "a/eth0");
	expect(!lease_is_of(dirfd, "10.1.0.4/29", "a/eth0"));
	close(dirfd);
}

static void test_lease_wanted(void)
{
	static const char *const bad[] = { "10.1.0.0", "10.1.0.1", "10.1.0.7", "10.2.0.3",
					   "fd00::10" };
	struct pool pool = { .net = &net };
	struct nl_addr a;
	struct ip ip;

	tap_dir(&pool.dirfd);
	unlinkat(pool.dirfd, "recycled", 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		expect_int(addr_parse(bad[i], &a), 0);
		expect_errno(lease_take(&pool, "a/eth0", &a, &ip), EADDRNOTAVAIL);
	}
	unlinkat(pool.dirfd, "10.1.0.5", 0);
	expect_int(addr_parse("10.1.0.5", &a), 0);
	expect_int(lease_take(&pool, "a/eth0", &a, &ip), 0);
	expect_str(ip.address, "10.1.0.5/29");
	/* It may be an automatic one's next. */
	expect(lease_are_recycled(pool.dirfd));
	expect_str(ip.gateway, "10.1.0.1");
	free(ip.address);
	free(ip.gateway);
	expect_errno(lease_take(&pool, "b/eth0", &a, &ip), EADDRINUSE);
	close(pool.dirfd);
}

static void test_lease_parse(void)
{
	static const char *const bad[] = {
		"", "web", "/eth0", "web/", "../x", "a/b/c", "web/aaaaaaaaaaaaaaaa", "-a/b"
	};
	char space[256], ifname[IF_NAMESIZE];

	expect_int(lease_parse("web/eth0", space, ifname), 0);
	expect_str(space, "web");
	expect_str(ifname, "eth0");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_errno(lease_parse(bad[i], space, ifname), EINVAL);
}

static void test_addr_arithmetic(void)
{
	struct nl_addr a, b;
	char text[ADDR_TEXT_MAX];

	expect_int(addr_parse("10.1.255.255/12", &a), 0);
	b = addr_step(&a, 1);
	expect_str(addr_text(&b, true, text), "10.2.0.0/12");
	b = addr_step(&b, -1);
	expect(addr_equal(&a, &b));
	b = addr_lowest(&a);
	expect_str(addr_text(&b, true, text), "10.0.0.0/12");
	b = addr_highest(&a);
	expect_str(addr_text(&b, false, text), "10.15.255.255");
	expect_int(addr_parse("10.16.0.0/16", &b), 0);
	expect(!addr_overlaps(&a, &b));
	expect_int(addr_parse("10.0.0.0/8", &b), 0);
	expect(addr_overlaps(&a, &b));
	expect_errno(addr_parse("10.0.0.0/33", &b), EINVAL);
	expect_errno(addr_parse("10.0.0", &b), EINVAL);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_lease_goes_round), TEST(test_lease_is_dropped_by_its_owner_only),
		TEST(test_lease_wanted),     TEST(test_lease_parse),
		TEST(test_addr_arithmetic),  { 0 },
	};
	char why[WHY_MAX];

	if (network_parse(tiny, sizeof(tiny) - 1, &net, why)) {
		printf("Bail out! %s\n", why);
		return 1;
	}
	return tap_run(tests);
}
