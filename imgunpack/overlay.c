#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "imgunpack/unpack.h"
#include "imgunpack/uses.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/path.h"

enum { DONE, NEEDS_LOWER };

struct overlay {
	const struct unpack *unpack;
	struct stack *stack;
	size_t n;
	struct store_key *diff_keys, *chain_keys; /* of each layer */
	size_t *missing, n_missing; /* layers that the store lacks, the largest first */
};

static void name_layers(struct overlay *o)
{
	const struct image_rootfs *r = o->unpack->image.config.rootfs;
	struct digest chain = { "" }, diff;

	o->n = o->unpack->image.manifest.n_layers;
	o->diff_keys = xcalloc(o->n, sizeof(*o->diff_keys));
	o->chain_keys = xcalloc(o->n, sizeof(*o->chain_keys));
	for (size_t i = 0; i < o->n; i++) {
		if (digest_parse(r->diff_ids[i], &diff) < 0)
			die("diff_id '%s'", r->diff_ids[i]);
		chain = store_chain(&chain, &diff);
		o->diff_keys[i] = store_diff_key(&diff);
		o->chain_keys[i] = store_chain_key(&chain);
	}
}

static bool is_listed(const struct overlay *o, size_t layer)
{
	for (size_t i = 0; i < o->n_missing; i++)
		if (str_eq(o->diff_keys[o->missing[i]].text, o->diff_keys[layer].text))
			return true;
	return false;
}

/* Insertion keeps them sorted: the largest layer is what the others are to be unpacked beside. */
static void list_missing(struct overlay *o)
{
	const struct image_descriptor *layers = o->unpack->image.manifest.layers;

	o->missing = xcalloc(o->n, sizeof(*o->missing));
	for (size_t i = 0; i < o->n; i++) {
		if (store_has(o->stack->store_dirfd, &o->diff_keys[i]) ||
		    store_has(o->stack->store_dirfd, &o->chain_keys[i]) || is_listed(o, i))
			continue;

		size_t at = o->n_missing++;

		for (; at && layers[o->missing[at - 1]].size < layers[i].size; at--)
			o->missing[at] = o->missing[at - 1];
		o->missing[at] = i;
	}
}

/* Unpack into the layer begun as NEW_DIRFD, on TARGET (its diff, or a mount that writes there). */
static int fill(const struct overlay *o, size_t layer, const struct store_key *k, int new_dirfd,
		int target, enum apply_how how)
{
	struct apply a = { .rootfs_dirfd = target, .how = how, .limits = &o->unpack->limits };
	int n;

	if (target < 0)
		die("open layer '%s'", k->text);
	a.place.acls = how == APPLY_OVER; /* a lower layer may have some */
	n = unpack_layer(o->unpack, layer, &a);
	place_flush(&a.place);
	if (!n && how == APPLY_OVER) {
		close(target); /* the mount goes with its last descriptor, and frees the work
				  directory */
		if (path_remove_tree(new_dirfd, "work"))
			die("remove the work directory of '%s'", k->text);
	}
	if (!n)
		apply_finish(&a);
	if (!n && store_commit(o->stack->store_dirfd, k, new_dirfd, &a, o->unpack->sync) < 0)
		die("store layer '%s'", k->text);
	apply_free(&a);
	return n;
}

static int begin(const struct overlay *o, const struct store_key *k)
{
	int fd = store_begin(o->stack->store_dirfd, k);

	if (fd < 0 && errno != EEXIST)
		die("begin layer '%s'", k->text);
	return fd;
}

static int open_diff(int new_dirfd)
{
	return openat(new_dirfd, "diff", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A layer by itself. */
static int unpack_one(const struct overlay *o, size_t layer)
{
	const struct store_key *k = &o->diff_keys[layer];
	_close_ int fd = begin(o, k);

	if (fd < 0)
		return DONE;

	_close_ int diff = open_diff(fd);
	int n = fill(o, layer, k, fd, diff, APPLY_ALONE);

	close_fd(&fd);
	fd = -1;
	if (n)
		store_discard(o->stack->store_dirfd, k);
	return n ? NEEDS_LOWER : DONE;
}

/* A job: a missing layer, by itself. */
static int unpack_alone(void *ctx, size_t job)
{
	const struct overlay *o = ctx;

	return unpack_one(o, o->missing[job]);
}

/* The mount that lets a layer be applied on top of the stack, its changes going to the layer begun
 * as FD. */
static int mount_chain(const struct overlay *o, const struct store_key *k, int fd)
{
	_free_ char *upper = xasprintf("%s/.%s.new/diff", o->stack->store, k->text);
	_free_ char *work = xasprintf("%s/.%s.new/work", o->stack->store, k->text);
	struct stack s = *o->stack;

	if (mkdirat(fd, "work", 0700))
		die("make the work directory of '%s'", k->text);
	s.is_volatile = true; /* else unmounting it syncs the whole file system */
	return stack_mount(&s, upper, work);
}

/* A job: a layer that says less than it means (parents left out, links to files below), in the
 * sight of what is below. The kernel's overlay then writes down what changed. */
static int unpack_chained(void *ctx, size_t layer)
{
	const struct overlay *o = ctx;
	const struct store_key *k = &o->chain_keys[layer];
	_close_ int fd = begin(o, k);

	if (fd < 0)
		return DONE;
	if (!o->stack->layers.n) {
		_close_ int diff = open_diff(fd);

		return fill(o, layer, k, fd, diff, APPLY_FIRST);
	}
	return fill(o, layer, k, fd, mount_chain(o, k, fd), APPLY_OVER);
}

static void unpack_missing(struct overlay *o)
{
	_free_ int *result = xcalloc(o->n_missing, sizeof(*result));

	if (!o->n_missing || !worker_run(o->n_missing, unpack_alone, o, result))
		return;
	for (size_t i = 0; i < o->n_missing; i++)
		store_discard(o->stack->store_dirfd, &o->diff_keys[o->missing[i]]);
	unpack_fail();
}

/* The job must see the layer's number: worker_run counts from 0. */
struct chained {
	struct overlay *overlay;
	size_t layer;
};

static int run_chained(void *ctx, _unused_ size_t job)
{
	struct chained *c = ctx;

	return unpack_chained(c->overlay, c->layer);
}

static void push_layer(struct overlay *o, size_t i)
{
	struct chained c = { o, i };
	int result;

	if (store_has(o->stack->store_dirfd, &o->diff_keys[i]) &&
	    stack_suits(o->stack, &o->diff_keys[i])) {
		stack_push(o->stack, &o->diff_keys[i]);
		return;
	}
	if (!store_has(o->stack->store_dirfd, &o->chain_keys[i]) &&
	    worker_run(1, run_chained, &c, &result) < 0) {
		store_discard(o->stack->store_dirfd, &o->chain_keys[i]);
		unpack_fail();
	}
	stack_push(o->stack, &o->chain_keys[i]);
}

static void free_overlay(struct overlay *o)
{
	free(o->diff_keys);
	free(o->chain_keys);
	free(o->missing);
}

int unpack_ahead(const struct unpack *u, struct stack *s, size_t i)
{
	struct overlay o = { .unpack = u, .stack = s };
	int n = 0;

	name_layers(&o);
	if (!store_has(s->store_dirfd, &o.diff_keys[i]) &&
	    !store_has(s->store_dirfd, &o.chain_keys[i]))
		n = unpack_one(&o, i);
	free_overlay(&o);
	return n == NEEDS_LOWER;
}

void unpack_store(const struct unpack *u, struct stack *s)
{
	struct overlay o = { .unpack = u, .stack = s };

	name_layers(&o);
	list_missing(&o);
	unpack_missing(&o);
	for (size_t i = 0; i < o.n; i++)
		push_layer(&o, i);
	free_overlay(&o);
}

void unpack_overlay(const struct unpack *u, const char *store, const char *dir, const char *rootfs,
		    bool is_volatile)
{
	struct stack s;

	stack_open(&s, store);
	unpack_store(u, &s);

	_close_ int dirfd = path_open_dir(dir, 0700);
	_free_ char *base = realpath(dir, NULL);

	if (dirfd < 0 || !base)
		die("make '%s'", dir);
	s.is_volatile = is_volatile;
	uses_add(s.store_dirfd, USE_DIR, base, &s.keys);
	stack_mount_rootfs(&s, dir, rootfs);
	stack_close(&s);
}

void unpack_view(const struct unpack *u, const char *store, const char *rootfs)
{
	struct stack s;

	stack_open(&s, store);
	unpack_store(u, &s);

	_close_ int target = stack_open_target(rootfs), fd = -1;
	_free_ char *path = realpath(rootfs, NULL);

	if (!path)
		die("open '%s'", rootfs);
	uses_add(s.store_dirfd, USE_MOUNT, path, &s.keys);
	fd = stack_view(&s);
	if (mnt_attach(fd, target)) {
		int err = errno;

		uses_remove(s.store_dirfd, USE_MOUNT, path);
		errno = err;
		die("mount on '%s'", rootfs);
	}
	stack_close(&s);
}
