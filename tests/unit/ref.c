#include "lib/ref.h"
#include "tests/unit/tap.h"

#define DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HEX64 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_ref_parse_as_docker(void)
{
	/* What docker's reference.ParseNormalizedNamed and TagNameOnly make of it; how docker shows
	 * it. */
	static const struct {
		const char *text, *full, *familiar;
	} good[] = {
		{ "busybox", "docker.io/library/busybox:latest", "busybox:latest" },
		{ "busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36" },
		{ "docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest" },
		{ "index.docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest" },
		{ "docker.io/library/busybox", "docker.io/library/busybox:latest",
		  "busybox:latest" },
		{ "library/busybox", "docker.io/library/busybox:latest", "busybox:latest" },
		{ "user/app", "docker.io/user/app:latest", "user/app:latest" },
		{ "docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest" },
		{ "localhost/app", "localhost/app:latest", "localhost/app:latest" },
		{ "localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1" },
		{ "host:5000", "docker.io/library/host:5000", "host:5000" },
		{ "127.0.0.1:5000/a/b:1", "127.0.0.1:5000/a/b:1", "127.0.0.1:5000/a/b:1" },
		{ "[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest" },
		{ "Host/app", "Host/app:latest", "Host/app:latest" },
		{ "quay.io/x/y@" DIGEST, "quay.io/x/y@" DIGEST, "quay.io/x/y@" DIGEST },
		{ "busybox:1@" DIGEST, "docker.io/library/busybox:1@" DIGEST, "busybox:1@" DIGEST },
		{ "docker://busybox", "docker.io/library/busybox:latest", "busybox:latest" },
		{ "x/a__b.c-d---e/f_g:T.a-g_", "docker.io/x/a__b.c-d---e/f_g:T.a-g_",
		  "x/a__b.c-d---e/f_g:T.a-g_" },
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const char *why = NULL;
		struct ref r;

		if (!expect_int(ref_parse(good[i].text, &r, &why), 0)) {
			printf("# '%s': %s\n", good[i].text, why);
			continue;
		}
		_free_ char *full = ref_full(&r);
		_free_ char *familiar = ref_familiar(&r);

		expect_str(full, good[i].full);
		expect_str(familiar, good[i].familiar);
		expect_int(ref_parse(full, &r, &why), 0);
	}
}

static void test_ref_parse_refuses(void)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "malformed repository name" },
		{ "docker://", "malformed repository name" },
		{ HEX64, "an image ID, not a name" },
		{ "Busybox", "repository name must be lower case" },
		{ "quay.io/Upper", "repository name must be lower case" },
		{ "busybox:", "malformed tag" },
		{ "busybox:-1", "malformed tag" },
		{ "busybox:a:b", "malformed tag" },
		{ "busybox@", "malformed digest" },
		{ "busybox@sha256:abc", "malformed digest" },
		{ "busybox@sha512:abc", "unsupported digest algorithm" },
		{ "busybox:1@" DIGEST "x", "malformed digest" },
		{ "a//b", "malformed repository name" },
		{ "a/", "malformed repository name" },
		{ "/a", "malformed repository name" },
		{ "a___b", "malformed repository name" },
		{ "a..b", "malformed repository name" },
		{ "-a", "malformed repository name" },
		{ "a b", "malformed repository name" },
		{ "a\nb", "malformed repository name" },
		{ "../etc/passwd", "malformed registry host" },
		{ "ho_st.x/a", "malformed registry host" },
		{ "-h.x/a", "malformed registry host" },
		{ "h.x:/a", "malformed registry host" },
		{ "h.x:5a/a", "malformed registry host" },
		{ "[::1/a", "malformed registry host" },
		{ "u@h.x/a", "malformed digest" },
		{ "h.x:1/../../v2/b", "malformed repository name" },
		{ "https://h.x/a", "malformed registry host" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *why = NULL;
		struct ref r;

		if (!expect_errno(ref_parse(bad[i].text, &r, &why), EINVAL))
			printf("# '%s'\n", bad[i].text);
		expect_str(why, bad[i].why);
	}
}

static void test_ref_parse_limits(void)
{
	char text[600];
	const char *why = NULL;
	struct ref r;

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	expect_errno(ref_parse(text, &r, &why), EINVAL);
	text[600 - 1 - 0] = '\0';
	text[255 - strlen("docker.io/library/")] = '\0';
	expect_int(ref_parse(text, &r, &why), 0);
	memset(text, 'a', 300);
	text[255 - strlen("docker.io/library/") + 1] = '\0';
	expect_errno(ref_parse(text, &r, &why), EINVAL);
	expect_str(why, "name longer than 255 bytes");
}

static void test_ref_is_tag(void)
{
	char text[130];

	expect(ref_is_tag("latest"));
	expect(ref_is_tag("_1"));
	expect(!ref_is_tag(""));
	expect(!ref_is_tag(".a"));
	expect(!ref_is_tag("a/b"));
	memset(text, 'a', 129);
	text[129] = '\0';
	expect(!ref_is_tag(text));
	expect(ref_is_tag(text + 1));
}

static void test_ref_familiar_keeps_what_would_be_a_registry(void)
{
	const char *why = NULL;
	struct ref r;

	expect_int(ref_parse("docker.io/foo.bar/x", &r, &why), 0);

	_free_ char *familiar = ref_familiar(&r);

	expect_str(familiar, "docker.io/foo.bar/x:latest");
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_ref_parse_as_docker),
		TEST(test_ref_parse_refuses),
		TEST(test_ref_parse_limits),
		TEST(test_ref_is_tag),
		TEST(test_ref_familiar_keeps_what_would_be_a_registry),
		{ 0 },
	};

	return tap_run(tests);
}
