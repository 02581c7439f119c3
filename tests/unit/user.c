#include "bundle/user.h"
#include "tests/unit/tap.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "broken line\n"
			     "huge:x:99999999999:1::/:/bin/sh\n"
			     "web:x:33:34::/:/bin/sh\n"
			     "7:x:70:71::/:/bin/sh\n"
			     "nogid:x:44::\n"
			     "minus:x:-1:-1::/:\n";
static const char group[] =
	"root:x:0:\nwheel:x:10:root,web\nweb:x:34:\nextra:x:50:web,other\nhuge:x:4294967296:web\n"
	"near:x:51:webmaster\n";
static const struct user_db db = { passwd, group };

/* "UID:GID GID,..." or the culprit. */
static const char *resolve(const char *spec, char *const *extra)
{
	static char out[256];
	_free_ char *what = NULL;
	struct user u;
	int n;

	if (user_resolve(&db, spec, extra, &u, &what)) {
		snprintf(out, sizeof(out), "%s", what);
	} else {
		n = snprintf(out, sizeof(out), "%u:%u", u.uid, u.gid);
		for (size_t i = 0; i < u.n_gids; i++)
			n += snprintf(out + n, sizeof(out) - (size_t)n, "%c%u", i ? ',' : ' ',
				      u.gids[i]);
	}
	free(u.gids);
	return out;
}

static void test_resolve_names(void)
{
	expect_str(resolve("web", NULL), "33:34 34,10,50");
	expect_str(resolve("root", NULL), "0:0 0,10");
	expect_str(resolve("", NULL), "0:0 0,10");
	expect_str(resolve("nogid", NULL), "44:0 0");
}

static void test_resolve_numbers(void)
{
	expect_str(resolve("33", NULL), "33:34 34,10,50");
	expect_str(resolve("1000", NULL), "1000:0 0");
	expect_str(resolve("2147483647", NULL), "2147483647:0 0");
	expect_str(resolve("2147483648", NULL), "user 2147483648 is out of range");
}

/* A name that looks like a number is a name. */
static void test_resolve_prefers_the_first_line(void)
{
	expect_str(resolve("7", NULL), "70:71 71");
}

static void test_resolve_group(void)
{
	expect_str(resolve("web:wheel", NULL), "33:10 10");
	expect_str(resolve("1000:77", NULL), "1000:77 77");
	expect_str(resolve(":wheel", NULL), "0:10 10");
	expect_str(resolve("web:", NULL), "33:34 34,10,50");
}

static void test_resolve_extra_groups(void)
{
	char wheel[] = "wheel", number[] = "99", none[] = "nosuch";
	char *extra[] = { wheel, number, NULL }, *bad[] = { none, NULL };

	expect_str(resolve("1000", extra), "1000:0 0,10,99");
	expect_str(resolve("1000", bad), "no group 'nosuch' in the image");
}

static void test_resolve_refuses(void)
{
	expect_str(resolve("nosuch", NULL), "no user 'nosuch' in the image");
	expect_str(resolve("nosuch:wheel", NULL), "no user 'nosuch' in the image");
	expect_str(resolve("web:nosuch", NULL), "no group 'nosuch' in the image");
	expect_str(resolve("huge", NULL), "no user 'huge' in the image");
	expect_str(resolve("minus", NULL), "no user 'minus' in the image");
	expect_str(resolve("broken line", NULL), "no user 'broken line' in the image");
}

static void test_read_files(void)
{
	_free_ char *p = NULL, *g = NULL;
	int dirfd;

	tap_dir(&dirfd);
	expect_int(user_read_files(dirfd, &p, &g), 0);
	expect_str(p, "");
	expect_str(g, "");
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_resolve_names),
		TEST(test_resolve_numbers),
		TEST(test_resolve_prefers_the_first_line),
		TEST(test_resolve_group),
		TEST(test_resolve_extra_groups),
		TEST(test_resolve_refuses),
		TEST(test_read_files),
		{ 0 },
	};

	return tap_run(tests);
}
