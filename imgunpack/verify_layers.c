#include <fcntl.h>

#include "imgunpack/compare.h"
#include "imgunpack/imgctl.h"
#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"

/* Layers are checked by unpacking them again, into a store within the store, and comparing. */
struct check {
	int layout_dirfd, store_dirfd;
	char *scratch; /* path of that store */
	struct strv seen;
	int status;
};

struct finding {
	char *key;
	bool any;
};

static void found(void *ctx, char what, const char *path)
{
	const char *const how = what == 'A' ? "is missing" : what == 'D' ? "was added" : "differs";
	struct finding *f = ctx;

	f->any = true;
	warnx("layer '%s': '%s' %s", f->key, path, how);
}

static int open_diff(int store_dirfd, const char *key)
{
	_free_ char *path = xasprintf("%s/diff", key);

	return openat(store_dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void compare_layer(struct check *c, int scratch_dirfd, char *key)
{
	_close_ int is = open_diff(c->store_dirfd, key), want = open_diff(scratch_dirfd, key);
	struct finding f = { key, false };

	if (is < 0 || want < 0)
		return; /* this image has not been unpacked, or is unpacked otherwise now */
	compare_trees(is, want, true, found, &f);
	if (f.any)
		c->status = 1;
}

static bool is_unpacked(const struct check *c, const struct image_config *config)
{
	struct digest chain = { "" }, diff;

	for (size_t i = 0; i < config->rootfs->n_diff_ids; i++) {
		if (digest_parse(config->rootfs->diff_ids[i], &diff))
			return false;
		chain = store_chain(&chain, &diff);

		struct store_key a = store_diff_key(&diff), b = store_chain_key(&chain);

		if (store_has(c->store_dirfd, &a) || store_has(c->store_dirfd, &b))
			return true;
	}
	return false;
}

static void check_image(void *ctx, const struct image_manifest *m,
			const struct image_config *config)
{
	struct check *c = ctx;
	struct unpack job = { .layout_dirfd = c->layout_dirfd, .limits = UNPACK_LIMITS };
	struct stack s;

	if (!is_unpacked(c, config))
		return;
	for (size_t i = 0; i < m->n_layers; i++)
		if (blob_size(c->layout_dirfd, &m->layers[i].id) < 0)
			return; /* nothing to compare with */
	job.image.manifest = *m;
	job.image.config = *config;
	stack_open(&s, c->scratch);
	unpack_store(&job, &s);
	for (size_t i = 0; i < s.keys.n; i++)
		if (strv_index(c->seen.v, s.keys.v[i]) < 0) {
			compare_layer(c, s.store_dirfd, s.keys.v[i]);
			strv_add(&c->seen, s.keys.v[i]);
		}
	stack_close(&s);
}

int ctl_verify_layers(int layout_dirfd, const char *store)
{
	struct check c = { .layout_dirfd = layout_dirfd,
			   .store_dirfd = store_open(store, STORE_SHARED) };
	_free_ char *name = xasprintf(".verify.%d", (int)getpid());

	if (c.store_dirfd < 0)
		die("open layer store '%s'", store);
	c.scratch = xasprintf("%s/%s", store, name);
	unpack_prepare();
	ctl_each_image(layout_dirfd, check_image, &c);
	if (path_remove_tree(c.store_dirfd, name))
		die("remove '%s'", c.scratch);
	free(c.scratch);
	strv_free(&c.seen);
	close_fd(&c.store_dirfd);
	return c.status;
}
