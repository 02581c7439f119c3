#include <fcntl.h>
#include <sys/stat.h>

#include "lib/io.h"
#include "lib/layout.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/tap.h"

#define D "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* A layout in a fresh directory, which is the current one. */
static int fresh(void)
{
	expect_int(chdir(tap_dir(NULL)), 0);
	return layout_open_new("l");
}

static void split(const char *name, const char *dir, const char *tag)
{
	struct layout_name n;

	if (!expect_int(layout_name_parse(name, &n), 0)) {
		printf("# '%s'\n", name);
		return;
	}
	expect_str(n.dir, dir);
	expect_str(n.tag, tag);
	layout_name_free(&n);
}

static void test_name_of_a_layout_that_exists(void)
{
	_close_ int fd = fresh();
	struct layout_name n;

	split("l", "l", NULL);
	split("l:v1", "l", "v1");
	split("l:127.0.0.1:5000/a/b:1", "l", "127.0.0.1:5000/a/b:1");
	split("l:docker.io/library/x@" D, "l", "docker.io/library/x@" D);
	split("./l:v1", "./l", "v1");
	expect_int(layout_name_parse("l@" D, &n), 0);
	expect_str(n.digest.text, D);
	layout_name_free(&n);
	expect_errno(layout_name_parse("l@sha256:1", &n), EINVAL);
	expect_errno(layout_name_parse("l:", &n), EINVAL);
	expect_errno(layout_name_parse("", &n), EINVAL);
}

static void test_name_of_a_layout_with_a_colon(void)
{
	_close_ int fd = fresh(), other = layout_open_new("l:v1");

	split("l:v1", "l:v1", NULL);
	split("l:v1:x", "l:v1", "x");
	split("l:v2", "l", "v2");
}

static void test_name_of_a_layout_to_be_made(void)
{
	_close_ int fd = fresh();

	expect_int(mkdir("d:x", 0755), 0);
	split("new", "new", NULL);
	split("new:127.0.0.1:5000/app:1", "new", "127.0.0.1:5000/app:1");
	split("no/such/new:v1", "no/such/new", "v1");
	split("d:x/new:v1", "d:x/new", "v1");
	split("/no/new:v1", "/no/new", "v1");
}

static void test_open_new_makes_finishes_and_refuses(void)
{
	_close_ int fd = fresh();
	struct image_index x;
	char why[LAYOUT_WHY_MAX];

	expect(fd >= 0);
	expect_int(layout_read_index(fd, &x, why), 0);
	expect_int(x.n_manifests, 0);
	image_index_free(&x);
	/* Killed before the marker was there. */
	expect_int(unlinkat(fd, "oci-layout", 0), 0);
	expect_errno(layout_open("l"), EINVAL);

	_close_ int again = layout_open_new("l");

	expect(again >= 0);
	expect_int(mkdir("other", 0755), 0);
	expect_int(mkdir("other/mine", 0755), 0);
	expect_errno(layout_open_new("other"), ENOTEMPTY);
	expect_errno(layout_open("none"), ENOENT);
	expect_int(file_replace(fd, "oci-layout", 0644, "{\"imageLayoutVersion\":\"2.0.0\"}", 30,
				false),
		   0);
	expect_errno(layout_open_new("l"), EINVAL);
}

static void test_blob_has_its_name_only_when_right(void)
{
	_close_ int fd = fresh();
	struct digest want, got;
	struct blob b = BLOB_INIT;
	_buf_ struct buf out = { 0 };

	digest_of("hello", 5, &want);
	expect_int(blob_create(&b, fd), 0);
	expect_int(blob_write(&b, "hel", 3), 0);
	expect_int(blob_size(fd, &want), -1);
	expect_int(blob_write(&b, "lo", 2), 0);
	expect_int(blob_commit(&b, &want, 5, &got), 0);
	expect_str(got.text, want.text);
	expect_int(blob_size(fd, &want), 5);
	expect_int(blob_read(fd, &want, 5, 5, &out), 0);
	expect_str(buf_str(&out), "hello");
	expect_errno(blob_read(fd, &want, 5, 4, &out), EFBIG);
	expect_errno(blob_open(fd, &want, 4), EBADMSG);
	expect_int(blob_create(&b, fd), 0);
	expect_int(blob_write(&b, "jello", 5), 0);
	expect_errno(blob_commit(&b, &want, 5, NULL), EBADMSG);
	expect_errno(faccessat(fd, b.name, F_OK, 0), ENOENT);
	expect_int(blob_remove(fd, &want), 0);
	expect_int(blob_remove(fd, &want), 0);
}

static void test_blob_resume_goes_on(void)
{
	_close_ int fd = fresh();
	struct blob first = BLOB_INIT, second = BLOB_INIT, third = BLOB_INIT;
	struct digest want;

	digest_of("hello", 5, &want);
	expect_int(blob_resume(&first, fd, &want), 0);
	expect_int(blob_write(&first, "hel", 3), 0);
	/* Somebody else at the same content gets a file of his own. */
	expect_int(blob_resume(&second, fd, &want), 0);
	expect_int(second.bytes, 0);
	blob_abandon(&second);
	blob_suspend(&first);
	expect_int(blob_resume(&third, fd, &want), 0);
	expect_int(third.bytes, 3);
	expect_int(blob_write(&third, "lo", 2), 0);
	expect_int(blob_commit(&third, &want, 5, NULL), 0);
}

static void test_blob_read_notices_damage(void)
{
	_close_ int fd = fresh(), victim = -1;
	struct digest d;
	_buf_ struct buf out = { 0 };

	expect_int(blob_put(fd, "hello", 5, &d), 0);

	_free_ char *path = xasprintf("l/blobs/sha256/%s", digest_hex(&d));

	victim = open(path, O_WRONLY | O_CLOEXEC);
	expect_int(pwrite(victim, "j", 1, 0), 1);
	expect_errno(blob_read(fd, &d, 5, 5, &out), EBADMSG);
	expect_errno(blob_verify(fd, &d, 5), EBADMSG);
}

static void put(int fd, const char *content, const char *tag)
{
	struct digest d;
	struct layout_entry e = { IMAGE_TYPE_MANIFEST, &d, (int64_t)strlen(content), NULL, tag };
	char why[LAYOUT_WHY_MAX] = "";

	digest_of(content, strlen(content), &d);
	expect_int(layout_put(fd, &e, why), 0);
	expect_str(why, "");
}

/* The names in index.json, "-" for entries without. */
static void expect_names(int fd, const char *want)
{
	_buf_ struct buf names = { 0 };
	struct image_index x;
	char why[LAYOUT_WHY_MAX];

	expect_int(layout_read_index(fd, &x, why), 0);
	for (size_t i = 0; i < x.n_manifests; i++) {
		const char *name = layout_entry_name(&x.manifests[i]);

		buf_addf(&names, "%s%s", i ? " " : "", name ? name : "-");
	}
	expect_str(buf_str(&names), want);
	image_index_free(&x);
}

static void test_put_replaces_tags(void)
{
	_close_ int fd = fresh();

	put(fd, "one", "a");
	put(fd, "two", "b");
	expect_names(fd, "a b");
	put(fd, "three", "a");
	expect_names(fd, "b a");
	put(fd, "four", NULL);
	put(fd, "four", NULL);
	put(fd, "three", NULL);
	expect_names(fd, "b a -");
	put(fd, "four", "c");
	expect_names(fd, "b a c");
}

static void test_tag_and_untag(void)
{
	_close_ int fd = fresh();
	struct layout_name a = { .tag = (char[]){ "a" } }, none = { .tag = (char[]){ "x" } };
	char why[LAYOUT_WHY_MAX];

	put(fd, "one", "a");
	expect_int(layout_tag(fd, &a, "b", why), 0);
	expect_int(layout_tag(fd, &a, "b", why), 0);
	expect_int(layout_tag(fd, &a, "a", why), 0);
	expect_names(fd, "b a");
	expect_errno(layout_tag(fd, &none, "c", why), ENOENT);
	expect_str(why, "no image 'x' in this layout");
	expect_int(layout_untag(fd, &a, why), 1);
	expect_int(layout_untag(fd, &a, why), 0);
	expect_names(fd, "b");
}

static void test_index_keeps_what_it_does_not_know(void)
{
	static const char text[] = "{\"schemaVersion\":2,\"x\":[1.50],\"manifests\":[{\"digest\":"
				   "\"sha512:0\",\"size\":1,\"y\":{}}]}";
	_close_ int fd = fresh();
	_buf_ struct buf b = { 0 };

	expect_int(file_replace(fd, "index.json", 0644, text, strlen(text), false), 0);
	put(fd, "one", "a");
	expect_int(file_read(fd, "index.json", 4096, &b), 0);
	expect(str_starts(buf_str(&b), "{\"schemaVersion\":2,\"x\":[1.50],\"manifests\":[{"
				       "\"digest\":\"sha512:0\",\"size\":1,\"y\":{}},"));
}

static void test_locks_exclude(void)
{
	_close_ int fd = fresh();
	_close_ int shared = layout_lock(fd, false, true), also = layout_lock(fd, false, true);

	expect(shared >= 0 && also >= 0);
	expect_errno(layout_lock(fd, true, true), EWOULDBLOCK);
	close_fd(&shared);
	close_fd(&also);
	shared = also = -1;
	shared = layout_lock(fd, true, true);
	expect(shared >= 0);
	expect_errno(layout_lock(fd, false, true), EWOULDBLOCK);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_name_of_a_layout_that_exists),
		TEST(test_name_of_a_layout_with_a_colon),
		TEST(test_name_of_a_layout_to_be_made),
		TEST(test_open_new_makes_finishes_and_refuses),
		TEST(test_blob_has_its_name_only_when_right),
		TEST(test_blob_resume_goes_on),
		TEST(test_blob_read_notices_damage),
		TEST(test_put_replaces_tags),
		TEST(test_tag_and_untag),
		TEST(test_index_keeps_what_it_does_not_know),
		TEST(test_locks_exclude),
		{ 0 },
	};

	return tap_run(tests);
}
