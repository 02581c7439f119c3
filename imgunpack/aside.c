/* The layers of a tree side by side: the first one where the tree grows, each other in a directory
 * beside it, from which it is merged. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "imgunpack/merge.h"
#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"

/* What a worker has found in its layer. */
struct found {
	uint64_t entries, devices, left_out;
	bool has_root, has_whiteouts;
};

struct aside {
	const struct unpack *unpack;
	int stage_dirfd, rootfs_dirfd;
	size_t n;
	size_t *order;	     /* of the layers, the largest first: the others fit in beside it */
	struct found *found; /* of each layer; shared with the workers */
	bool *needs_lower;   /* of each layer: it cannot be understood alone */
};

struct names {
	char dir[32], whiteouts[32];
};

static struct names names_of(size_t i)
{
	struct names n;

	snprintf(n.dir, sizeof(n.dir), "layer-%zu", i);
	snprintf(n.whiteouts, sizeof(n.whiteouts), "whiteouts-%zu", i);
	return n;
}

static int open_layer(const struct aside *s, size_t i)
{
	int fd = openat(s->stage_dirfd, names_of(i).dir,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		die("open '%s'", names_of(i).dir);
	return fd;
}

static int make_layer(const struct aside *s, size_t i)
{
	if (mkdirat(s->stage_dirfd, names_of(i).dir, 0755))
		die("make '%s'", names_of(i).dir);
	return open_layer(s, i);
}

static void keep(const struct aside *s, size_t i, const struct apply *a)
{
	const struct buf *w = &a->whiteouts;

	s->found[i] = (struct found){ .entries = a->entries,
				      .devices = a->devices,
				      .left_out = a->attr.left_out,
				      .has_root = a->has_root,
				      .has_whiteouts = w->len };
	if (w->len &&
	    file_replace(s->stage_dirfd, names_of(i).whiteouts, 0600, w->data, w->len, false) < 0)
		die("write '%s'", names_of(i).whiteouts);
}

static int unpack_one(void *ctx, size_t job)
{
	const struct aside *s = ctx;
	size_t i = s->order[job];
	struct apply a = { .rootfs_dirfd = i ? make_layer(s, i) : s->rootfs_dirfd,
			   .how = i ? APPLY_ASIDE : APPLY_FIRST,
			   .limits = &s->unpack->limits };
	int n = unpack_layer(s->unpack, i, &a);

	if (!n)
		keep(s, i, &a);
	apply_free(&a);
	return n;
}

static void merge(const struct aside *s, size_t i)
{
	_buf_ struct buf whiteouts = { 0 };
	_close_ int fd = open_layer(s, i);

	if (s->found[i].has_whiteouts &&
	    file_read(s->stage_dirfd, names_of(i).whiteouts, APPLY_WHITEOUTS_MAX, &whiteouts) < 0)
		die("read '%s'", names_of(i).whiteouts);
	merge_layer(fd, s->rootfs_dirfd, s->found[i].has_root, &whiteouts);
}

/* Each layer counted for itself, but the limit is for all of them. */
static void sum_up(const struct aside *s, struct apply *a)
{
	uint64_t limit = s->unpack->limits.entries;

	for (size_t i = 0; i < s->n; i++) {
		if (s->needs_lower[i])
			continue;
		a->entries += s->found[i].entries;
		a->devices += s->found[i].devices;
		a->attr.left_out += s->found[i].left_out;
	}
	if (limit && a->entries > limit)
		diex("unpack '%s': more than %ju entries (--max-entries)",
		     s->unpack->image.digest.text, (uintmax_t)limit);
}

/* In order: by renaming, or, where a layer says less than it means, once more in the sight of what
 * is below it. */
static int merge_all(void *ctx, _unused_ size_t job)
{
	const struct aside *s = ctx;
	struct apply a = { .rootfs_dirfd = s->rootfs_dirfd,
			   .how = APPLY_OVER,
			   .limits = &s->unpack->limits,
			   .place.acls = true }; /* a lower layer may have some */

	sum_up(s, &a);
	for (size_t i = 1; i < s->n; i++) {
		if (s->needs_lower[i])
			unpack_layer(s->unpack, i, &a);
		else
			merge(s, i);
	}
	unpack_finish(s->unpack, &a);
	return 0;
}

static void sort_by_size(struct aside *s)
{
	const struct image_descriptor *layers = s->unpack->image.manifest.layers;

	for (size_t i = 0; i < s->n; i++) {
		size_t at = i;

		for (; at && layers[s->order[at - 1]].size < layers[i].size; at--)
			s->order[at] = s->order[at - 1];
		s->order[at] = i;
	}
}

static int unpack_all(struct aside *s)
{
	_free_ int *results = xcalloc(s->n, sizeof(*results));
	int merged;

	if (worker_run(s->n, unpack_one, s, results))
		return -1;
	for (size_t job = 0; job < s->n; job++)
		s->needs_lower[s->order[job]] = results[job];
	return worker_run(1, merge_all, s, &merged);
}

int unpack_aside(const struct unpack *u, int stage_dirfd, int rootfs_dirfd)
{
	size_t n = u->image.manifest.n_layers, bytes = n * sizeof(struct found);
	_free_ size_t *order = xcalloc(n, sizeof(*order));
	_free_ bool *needs_lower = xcalloc(n, sizeof(*needs_lower));
	struct aside s = { u, stage_dirfd, rootfs_dirfd, n, order, NULL, needs_lower };
	int result;

	s.found = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.found == MAP_FAILED)
		die("share memory with workers");
	sort_by_size(&s);
	result = unpack_all(&s);
	munmap(s.found, bytes);
	return result;
}
