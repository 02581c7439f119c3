#include "bundle/volume.h"
#include "tests/unit/tap.h"

typedef int parser(const char *text, struct volume *out, char **why);

/* "TYPE SOURCE TARGET FLAGS", or the reason. */
static const char *parse(parser *p, const char *text)
{
	static const char *const types[] = { "bind", "volume", "tmpfs" };
	static char out[512];
	_free_ char *why = NULL;
	struct volume v;
	int n;

	if (p(text, &v, &why)) {
		snprintf(out, sizeof(out), "%s", why);
	} else {
		n = snprintf(out, sizeof(out), "%s %s %s%s%s%s%s", types[v.type],
			     v.source ? v.source : "-", v.target, v.readonly ? " ro" : "",
			     v.no_copy ? " nocopy" : "", v.propagation ? " " : "",
			     v.propagation ? v.propagation : "");
		for (size_t i = 0; i < v.options.n; i++)
			n += snprintf(out + n, sizeof(out) - (size_t)n, " %s", v.options.v[i]);
	}
	volume_free(&v);
	return out;
}

static void test_parse_short_form(void)
{
	expect_str(parse(volume_parse, "/a:/b"), "bind /a /b");
	expect_str(parse(volume_parse, "/a/../c/:/b//d/."), "bind /c /b/d");
	expect_str(parse(volume_parse, "data:/b:ro"), "volume data /b ro");
	expect_str(parse(volume_parse, "/b"), "volume - /b");
	expect_str(parse(volume_parse, "/a:/b:ro,rslave,z"), "bind /a /b ro rslave");
	expect_str(parse(volume_parse, "data:/b:nocopy"), "volume data /b nocopy");
}

static void test_parse_refuses(void)
{
	expect_str(parse(volume_parse, "a:b"),
		   "'a' is neither a path nor a volume's name ([A-Za-z0-9][A-Za-z0-9_.-]+)");
	expect_str(parse(volume_parse, "data:b"), "target 'b' is not an absolute path");
	expect_str(parse(volume_parse, "/a:/"), "target must not be '/'");
	expect_str(parse(volume_parse, "/a:/b/../.."), "target must not be '/'");
	expect_str(parse(volume_parse, ":/b"), "invalid volume ':/b'");
	expect_str(parse(volume_parse, "/a:/b:c:d"), "invalid volume '/a:/b:c:d'");
	expect_str(parse(volume_parse, "/a:/b:nonsense"), "invalid mode 'nonsense'");
	expect_str(parse(volume_parse, "/a:/b:nocopy"), "invalid mode 'nocopy'");
	expect_str(parse(volume_parse, "/a:/b\n"), "control character in a mount's target");
}

static void test_parse_mount(void)
{
	expect_str(parse(volume_parse_mount, "type=bind,src=/a,dst=/b,ro"), "bind /a /b ro");
	expect_str(parse(volume_parse_mount, "type=bind,source=/a,target=/b,readonly=false"),
		   "bind /a /b");
	expect_str(parse(volume_parse_mount, "dst=/b"), "volume - /b");
	expect_str(parse(volume_parse_mount, "type=volume,src=data,dst=/b,volume-nocopy"),
		   "volume data /b nocopy");
	expect_str(parse(volume_parse_mount, "type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1777"),
		   "tmpfs - /t size=1048576 mode=1777 noexec nosuid nodev");
	expect_str(parse(volume_parse_mount, "type=bind,\"src=/a,b\",dst=/c"), "bind /a,b /c");
	expect_str(parse(volume_parse_mount, "type=bind,\"src=/a\"\"b\",dst=/c"), "bind /a\"b /c");
}

static void test_parse_mount_refuses(void)
{
	expect_str(parse(volume_parse_mount, "type=bind,dst=/b"),
		   "source is required in a bind mount");
	expect_str(parse(volume_parse_mount, "type=bind,src=name,dst=/b"),
		   "source 'name' does not suit the mount's type");
	expect_str(parse(volume_parse_mount, "src=/a"), "target is required in a mount");
	expect_str(parse(volume_parse_mount, "type=npipe,dst=/b"),
		   "invalid value for 'type' in a mount");
	expect_str(parse(volume_parse_mount, "dst=/b,colour=red"),
		   "unexpected key 'colour' in a mount");
	expect_str(parse(volume_parse_mount, "\"dst=/b"), "invalid mount '\"dst=/b'");
	expect_str(parse(volume_parse_mount, "type=tmpfs,src=/a,dst=/b"),
		   "a tmpfs takes no source");
}

static void test_parse_tmpfs(void)
{
	expect_str(parse(volume_parse_tmpfs, "/t"), "tmpfs - /t noexec nosuid nodev");
	expect_str(parse(volume_parse_tmpfs, "/t:exec,size=1m"),
		   "tmpfs - /t nosuid nodev exec size=1m");
	expect_str(parse(volume_parse_tmpfs, "t"), "target 't' is not an absolute path");
}

static void test_is_name(void)
{
	expect(volume_is_name("data-1.x_y"));
	expect(!volume_is_name("a"));
	expect(!volume_is_name("-a"));
	expect(!volume_is_name("a/b"));
	expect(!volume_is_name(""));
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_parse_short_form),
		TEST(test_parse_refuses),
		TEST(test_parse_mount),
		TEST(test_parse_mount_refuses),
		TEST(test_parse_tmpfs),
		TEST(test_is_name),
		{ 0 },
	};

	return tap_run(tests);
}
