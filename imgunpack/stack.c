#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgunpack/stack.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/path.h"

enum {
	WHITEOUTS_MAX = 64 << 20,
	OPTION_MAX = 255, /* of fsconfig */
};

/* Outside a user namespace nobody would see what is opaque in layers made inside one. */
static void check_attributes(int store_dirfd, const char *store)
{
	static const char mark[] = ".userxattr";
	bool marked = !faccessat(store_dirfd, mark, F_OK, AT_SYMLINK_NOFOLLOW);

	if (ids_are_real() && marked)
		diex("layer store '%s': it belongs to a user namespace", store);
	if (!ids_are_real() && !marked && file_replace(store_dirfd, mark, 0600, "", 0, false) < 0)
		die("mark layer store '%s'", store);
}

void stack_open(struct stack *s, const char *store)
{
	*s = (struct stack){ .store_dirfd = store_open(store, STORE_SHARED) };
	s->store = s->store_dirfd < 0 ? NULL : realpath(store, NULL);
	if (!s->store)
		die("open layer store '%s'", store);
	check_attributes(s->store_dirfd, store);
}

static int open_layer(const struct stack *s, const struct store_key *k)
{
	int fd = openat(s->store_dirfd, k->text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		die("open layer '%s'", k->text);
	return fd;
}

static bool has_flag(int layer_dirfd, const char *name)
{
	return !faccessat(layer_dirfd, name, F_OK, 0);
}

/* overlayfs takes no directory twice. The layer further up says again all that the one below says,
 * and to more of them: without the lower one nothing looks different. */
static void take_out(struct strv *layers, const char *path)
{
	int i = strv_index(layers->v, path);

	if (i < 0)
		return;
	free(layers->v[i]);
	memmove(layers->v + i, layers->v + i + 1, (layers->n - (size_t)i) * sizeof(*layers->v));
	layers->n--;
}

void stack_push(struct stack *s, const struct store_key *k)
{
	_close_ int fd = open_layer(s, k);

	if (has_flag(fd, "opaque"))
		strv_free(&s->layers);
	if (has_flag(fd, "root"))
		s->root = *k;
	strv_add(&s->keys, k->text);

	char *path = xasprintf("%s/%s/diff", s->store, k->text);

	take_out(&s->layers, path);
	strv_take(&s->layers, path);
}

bool stack_suits(const struct stack *s, const struct store_key *k)
{
	_close_ int fd = open_layer(s, k), view = -1;
	_buf_ struct buf dirs = { 0 };

	if (file_read(fd, "whiteouts", WHITEOUTS_MAX, &dirs) < 0) {
		if (errno != ENOENT)
			die("read whiteouts of '%s'", k->text);
		return true;
	}
	/* Markers at the root of the lowest layer are hidden by the merge with the container's own
	 * directory. */
	if (!s->layers.n)
		return false;
	view = stack_mount(s, NULL, NULL);
	for (const char *p = dirs.data; p < dirs.data + dirs.len; p += strlen(p) + 1) {
		_close_ int dir = path_open_strict(view, p, O_PATH | O_DIRECTORY);

		if (dir < 0)
			return false;
	}
	return true;
}

/* Directories that have to be named by descriptor while a mount is made. */
struct handles {
	int *fds;
	size_t n;
};

static int hold(struct handles *h, const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	h->fds = xreallocarray(h->fds, h->n + 1, sizeof(*h->fds));
	h->fds[h->n++] = fd;
	return fd;
}

static void release(struct handles *h)
{
	int err = errno;

	for (size_t i = 0; i < h->n; i++)
		close_fd(&h->fds[i]);
	free(h->fds);
	errno = err;
}

/* KEY=PATH; the path in full where it can be, for whoever reads mountinfo. */
static void add_dir(struct strv *o, struct handles *h, const char *key, const char *path)
{
	char link[FD_LINK_MAX];

	if (strlen(path) > OPTION_MAX || strpbrk(path, ",\\"))
		path = fd_link(hold(h, path), link);
	strv_take(o, xasprintf("%s=%s", key, path));
}

/* redirect and metacopy would let an image's attributes show one file as another; index wants file
 * handles. */
static void common_options(const struct stack *s, const char *upper, const char *work,
			   struct strv *o, struct handles *h)
{
	strv_add(o, "redirect_dir=nofollow");
	strv_add(o, "metacopy=off");
	strv_add(o, "index=off");
	if (!ids_are_real())
		strv_add(o, "userxattr");
	if (!upper)
		return;
	add_dir(o, h, "upperdir", upper);
	add_dir(o, h, "workdir", work);
	if (s->is_volatile)
		strv_add(o, "volatile");
}

/* Since Linux 6.7 layers are added one by one, up to 500, in names of any kind. */
static int mount_new(const struct stack *s, const char *upper, const char *work, struct buf *why)
{
	struct mnt_opts o = { 0 };
	struct handles h = { 0 };

	for (size_t i = s->layers.n; i-- > 0;)
		add_dir(&o.data, &h, "lowerdir+", s->layers.v[i]);
	common_options(s, upper, work, &o.data, &h);

	int fd = mnt_new("overlay", "overlay", &o, why);
	int err = errno;

	release(&h);
	mnt_opts_free(&o);
	errno = err;
	return fd;
}

/* Mount on PLACE, a directory of our own, and take a detached copy off it. */
static int mount_on(const char *place, const struct mnt_opts *o)
{
	_close_ int target = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (target < 0 || mnt_old("overlay", "overlay", target, o) < 0)
		return -1;
	fd = mnt_clone(AT_FDCWD, place, false);

	int err = errno;

	umount2(place, MNT_DETACH);
	errno = err;
	return fd;
}

/* Before, they are one string of at most a page, which fsconfig does not take: mount(2), from a
 * directory where 500 layers have names of three digits. */
static int mount_old(const struct stack *s, const char *upper, const char *work)
{
	_free_ char *place = xasprintf("%s/.view.%d", s->store, (int)getpid());
	_buf_ struct buf lower = { 0 };
	_close_ int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct handles h = { 0 };
	struct mnt_opts o = { 0 };
	int fd = -1;

	if (cwd < 0 || (mkdir(place, 0700) && errno != EEXIST))
		return -1;
	for (size_t i = s->layers.n; i-- > 0;)
		buf_addf(&lower, "%s%d", lower.len ? ":" : "lowerdir=", hold(&h, s->layers.v[i]));
	strv_add(&o.data, lower.data);
	common_options(s, upper, work, &o.data, &h);
	if (!chdir("/proc/self/fd"))
		fd = mount_on(place, &o);

	int err = errno;

	if (fchdir(cwd))
		die("go back to the working directory");
	release(&h);
	rmdir(place);
	mnt_opts_free(&o);
	errno = err;
	return fd;
}

/* Where the kernel leaves word that the upper directory may lack what was never synced. */
static bool was_volatile(const char *work)
{
	_free_ char *mark = work ? xasprintf("%s/work/incompat/volatile", work) : NULL;

	return mark && !access(mark, F_OK);
}

int stack_mount(const struct stack *s, const char *upper, const char *work)
{
	_buf_ struct buf why = { 0 };
	int fd;

	if (!upper && s->layers.n == 1) {
		fd = open(s->layers.v[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			die("open '%s'", s->layers.v[0]);
		return fd;
	}
	fd = mount_new(s, upper, work, &why);
	if (fd < 0 && errno == EINVAL)
		fd = mount_old(s, upper, work);
	if (fd < 0 && was_volatile(work))
		diex("mount an overlay again that was volatile: '%s'", work);
	if (fd < 0)
		die("mount an overlay of %zu layers%s%s", s->layers.n, why.len ? ": " : "",
		    buf_str(&why));
	return fd;
}

/* An empty directory that is to the root what a container's own upper directory is, kept in the
 * store: layers that say nothing of the root would show what theirs happens to be. */
static char *make_root(const struct stack *s)
{
	_free_ char *name = xasprintf(".root-%s", *s->root.text ? s->root.text : "none"),
		    *temp = xasprintf(".new-root.%d", (int)getpid());
	_close_ int fd = -1;

	if (faccessat(s->store_dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW)) {
		if (path_remove_tree(s->store_dirfd, temp) || mkdirat(s->store_dirfd, temp, 0700))
			die("make '%s'", temp);
		fd = openat(s->store_dirfd, temp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			die("open '%s'", temp);
		stack_describe_root(s, fd);
		if (renameat(s->store_dirfd, temp, s->store_dirfd, name) && errno != ENOTEMPTY)
			die("make '%s'", name);
	}
	return xasprintf("%s/%s", s->store, name);
}

int stack_view(struct stack *s)
{
	_free_ char *root = make_root(s);
	int fd;

	if (s->layers.n) {
		strv_add(&s->layers, root);
		return stack_mount(s, NULL, NULL);
	}
	fd = mnt_clone(AT_FDCWD, root, false);
	if (fd < 0 || mnt_change(fd, MOUNT_ATTR_RDONLY, 0, false) < 0)
		die("mount an image without layers");
	return fd;
}

void stack_close(struct stack *s)
{
	strv_free(&s->layers);
	strv_free(&s->keys);
	free((char *)s->store);
	close_fd(&s->store_dirfd);
}
