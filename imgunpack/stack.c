#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgunpack/stack.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/path.h"

enum { WHITEOUTS_MAX = 64 << 20 };

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

void stack_push(struct stack *s, const struct store_key *k)
{
	_close_ int fd = open_layer(s, k);

	if (has_flag(fd, "opaque"))
		strv_free(&s->layers);
	if (has_flag(fd, "root"))
		s->root = *k;
	strv_take(&s->layers, xasprintf("%s/%s/diff", s->store, k->text));
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

/* redirect and metacopy would let an image's attributes show one file as another; index wants file
 * handles. */
static void common_options(const struct stack *s, const char *upper, const char *work,
			   struct strv *o)
{
	strv_add(o, "redirect_dir=nofollow");
	strv_add(o, "metacopy=off");
	strv_add(o, "index=off");
	if (!upper)
		return;
	strv_take(o, xasprintf("upperdir=%s", upper));
	strv_take(o, xasprintf("workdir=%s", work));
	if (s->is_volatile)
		strv_add(o, "volatile");
}

/* Since Linux 6.7 layers are added one by one, up to 500, in names of any kind. */
static int mount_new(const struct stack *s, const char *upper, const char *work, struct buf *why)
{
	struct mnt_opts o = { 0 };

	for (size_t i = s->layers.n; i-- > 0;)
		strv_take(&o.data, xasprintf("lowerdir+=%s", s->layers.v[i]));
	common_options(s, upper, work, &o.data);

	int fd = mnt_new("overlay", "overlay", &o, why);
	int err = errno;

	mnt_opts_free(&o);
	errno = err;
	return fd;
}

/* Before, they are one string of at most a page, which fsconfig does not take: mount somewhere
 * private, and keep a detached copy. Short names make the page last for 230 layers. */
static int mount_old(const struct stack *s, const char *upper, const char *work)
{
	_free_ char *place = xasprintf("%s/.view.%d", s->store, (int)getpid());
	_buf_ struct buf lower = { 0 };
	_strv_ struct strv data = { 0 };
	_free_ int *fds = xcalloc(s->layers.n, sizeof(*fds));
	struct mnt_opts o = { 0 };
	int fd = -1;

	if (mkdir(place, 0700) && errno != EEXIST)
		return -1;
	for (size_t i = s->layers.n; i-- > 0;) {
		fds[i] = open(s->layers.v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		buf_addf(&lower, "%s/proc/self/fd/%d", lower.len ? ":" : "lowerdir=", fds[i]);
	}
	strv_add(&o.data, lower.data);
	common_options(s, upper, work, &o.data);

	_close_ int target = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (target >= 0 && !mnt_old("overlay", "overlay", target, &o)) {
		fd = mnt_clone(AT_FDCWD, place, false);
		umount2(place, MNT_DETACH);
	}

	int err = errno;

	for (size_t i = 0; i < s->layers.n; i++)
		close_fd(&fds[i]);
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

void stack_free(struct stack *s)
{
	strv_free(&s->layers);
}
