#include <limits.h>
#include <string.h>

#include "imgunpack/apply.h"
#include "lib/die.h"

static unsigned depth_of(const char *path)
{
	unsigned n = 1;

	for (; (path = strchr(path, '/')); path++)
		n++;
	return n;
}

static void check_limits(struct apply *a, const struct tar_entry *e, const char *path)
{
	const struct apply_limits *l = a->limits;

	if (l->entries && ++a->entries > l->entries)
		diex("unpack '%s': more than %ju entries (--max-entries)", path,
		     (uintmax_t)l->entries);
	if (l->depth && depth_of(path) > l->depth)
		diex("unpack '%s': more than %ju levels deep (--max-depth)", path,
		     (uintmax_t)l->depth);
	if (l->file_bytes && e->size > l->file_bytes)
		diex("unpack '%s': larger than --max-size", path);
}

/* E's path, made clean in PATH. */
static void clean(const struct tar_entry *e, char path[PATH_MAX])
{
	size_t len = strlen(e->path);

	if (len >= PATH_MAX)
		diex("unpack '%.60s...': path longer than %d bytes", e->path, PATH_MAX - 1);
	memcpy(path, e->path, len + 1);
	if (tar_clean_path(path) < 0)
		diex("unpack '%s': %s", e->path,
		     errno == EINVAL ? "'..' in an entry's path"
				     : "component longer than 255 bytes");
}

static void map_owner(const struct ids *ids, struct tar_entry *e, const char *path)
{
	if (!ids_map(ids, e))
		return;
	if (errno == ENOTSUP)
		diex("unpack '%s': its capabilities cannot be mapped (--uid-map)", path);
	diex("unpack '%s': owner %u:%u is not mapped (--uid-map, --gid-map)", path, e->uid, e->gid);
}

static int apply_entry(struct apply *a, struct tar_entry *e, struct tar_reader *r)
{
	char path[PATH_MAX];

	clean(e, path);
	check_limits(a, e, path);
	map_owner(&a->limits->ids, e, path);
	if (!*path) {
		entry_root(a, e);
		return 0;
	}

	const char *slash = strrchr(path, '/');
	struct spot s = { path, slash ? slash + 1 : path, NULL };
	enum whiteout kind = whiteout_kind(path);

	if (kind == WHITEOUT_BAD)
		diex("unpack '%s': no valid whiteout", path);
	if (kind == WHITEOUT_SKIP)
		return 0;
	if (kind != WHITEOUT_NONE)
		return whiteout_make(a, &s, kind);
	s.dir = entry_parent(a, path, slash ? (size_t)(slash - path) : 0);
	return s.dir ? entry_make(a, &s, e, r) : 1;
}

int apply_layer(struct apply *a, struct tar_reader *r)
{
	struct tar_entry e;
	int n, more;

	a->place.rootfs_dirfd = a->rootfs_dirfd;
	a->place.times = &a->times;
	a->attr.ids = &a->limits->ids;
	while ((more = tar_next(r, &e)) > 0)
		if ((n = apply_entry(a, &e, r)))
			return n;
	if (more < 0 || tar_drain(r) < 0)
		return -1;
	if (a->how == APPLY_ALONE)
		whiteout_scrub(a);
	/* A directory that was replaced meanwhile hides what is below it, which nothing says now.
	 */
	if (a->how == APPLY_ASIDE && a->duplicates)
		return 1;
	place_flush(&a->place);
	times_apply(&a->times, a->rootfs_dirfd);
	if (a->duplicates)
		warnx("%ju paths are in one layer twice; the last was taken",
		      (uintmax_t)a->duplicates);
	a->duplicates = 0;
	map_free(&a->written);
	return 0;
}

void apply_finish(struct apply *a)
{
	modes_apply(&a->modes, a->rootfs_dirfd);
	if (a->devices)
		warnx("%ju devices were left out: only root can make them", (uintmax_t)a->devices);
	if (a->attr.left_out)
		warnx("%ju attributes were left out: only root can set them",
		      (uintmax_t)a->attr.left_out);
}

void apply_free(struct apply *a)
{
	modes_free(&a->modes);
	place_flush(&a->place);
	times_free(&a->times);
	map_free(&a->written);
	strv_free(&a->opaque_dirs);
	buf_free(&a->whiteout_dirs);
	buf_free(&a->whiteouts);
}
