#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "imgunpack/imgctl.h"
#include "lib/die.h"
#include "lib/path.h"

/* Call FN for every entry of the directory NAME, which may be missing. */
static void each_entry(int dirfd, const char *name, void (*fn)(void *arg, const char *entry),
		       void *arg)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d;

	if (fd < 0 && errno == ENOENT)
		return;
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		die("open '%s'", name);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			fn(arg, e->d_name);
	}
	closedir(d);
}

static bool is_one_of(const void *digests, const struct digest *d)
{
	return digests_has(digests, d);
}

struct sweep {
	int layout_dirfd;
	struct digests used;
	bool only_print;
};

static void sweep_blob(void *arg, const char *entry)
{
	const struct sweep *s = arg;
	char text[DIGEST_TEXT_LEN + 2];
	struct digest d;

	snprintf(text, sizeof(text), "sha256:%s", entry);
	/* What is named like no blob of ours is not ours to remove. */
	if (digest_parse(text, &d) || digests_has(&s->used, &d))
		return;
	if (s->only_print)
		printf("%s\n", d.text);
	else if (blob_remove(s->layout_dirfd, &d))
		die("remove blob '%s'", d.text);
}

static void sweep_temp(void *arg, const char *entry)
{
	const struct sweep *s = arg;
	_close_ int fd = openat(s->layout_dirfd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (s->only_print)
		printf("tmp/%s\n", entry);
	else if (fd < 0 || path_remove_tree(fd, entry))
		die("remove 'tmp/%s'", entry);
}

/* What a writer of index.json left when it was killed; under its own lock, for it may be at work.
 */
static void sweep_unfinished(int layout_dirfd)
{
	static const char *const names[] = { ".index.json.new", ".oci-layout.new" };
	_close_ int lock = path_lock_dir(layout_dirfd, "blobs", true, false);

	for (size_t i = 0; lock >= 0 && i < ARRAY_LEN(names); i++) {
		if (unlinkat(layout_dirfd, names[i], 0) && errno != ENOENT)
			die("remove '%s'", names[i]);
	}
}

/* Without what refers to what is gone, which goes from index.json, too. */
static void mark(struct sweep *s)
{
	_json_ struct json *index = xmark_index(s->layout_dirfd);
	struct digests orphans = { 0 };
	char why[LAYOUT_WHY_MAX];

	xorphans(s->layout_dirfd, index, &orphans);
	layout_drop_in(json_get(index, "manifests"), is_one_of, &orphans);
	if (orphans.n && !s->only_print && layout_drop(s->layout_dirfd, is_one_of, &orphans, why))
		diex("%s", why);
	xmark(s->layout_dirfd, index, &s->used);
	digests_free(&orphans);
}

bool xsweep(int layout_dirfd, bool nowait, bool only_print)
{
	struct sweep s = { .layout_dirfd = layout_dirfd, .only_print = only_print };
	_close_ int lock = layout_lock(layout_dirfd, true, nowait);

	if (lock < 0 && errno == EWOULDBLOCK)
		return false;
	if (lock < 0)
		die("lock the layout");
	mark(&s);
	each_entry(layout_dirfd, "blobs/sha256", sweep_blob, &s);
	each_entry(layout_dirfd, "tmp", sweep_temp, &s);
	if (!only_print)
		sweep_unfinished(layout_dirfd);
	digests_free(&s.used);
	return true;
}
