#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>

#include "lib/dev.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runc/launch.h"

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

/* When the host's /dev is bound there, it has all of this, and it is not ours to change. */
static bool is_bound(const struct launch *l)
{
	for (size_t i = 0; i < l->spec->n_mounts; i++) {
		const struct spec_mount *m = &l->spec->mounts[i];
		struct mnt_opts o;
		bool bind;

		mnt_opts_parse(&o, m->options);
		bind = o.bind;
		mnt_opts_free(&o);
		if (bind && str_eq(m->destination, "/dev"))
			return true;
	}
	return false;
}

static void bind_device(int dirfd, const char *name, int mntfd)
{
	_close_ int fd = openat(dirfd, name, O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
	_close_ int targetfd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (targetfd < 0 || mnt_attach(mntfd, targetfd))
		die("bind device '%s'", name);
}

static void make_device(int dirfd, const char *name, const struct dev *d, int mntfd)
{
	if (mntfd >= 0)
		bind_device(dirfd, name, mntfd);
	else if (dev_make(dirfd, name, d))
		die("make device '%s'", d->path);
}

struct dev device_of(const struct spec_device *s)
{
	struct dev d = { .path = s->path,
			 .major = (unsigned int)s->major,
			 .minor = (unsigned int)s->minor };

	d.mode = *s->type == 'b' ? S_IFBLK : *s->type == 'p' ? S_IFIFO : S_IFCHR;
	d.mode |= s->has_fileMode ? s->fileMode & 07777 : 0666;
	d.uid = s->uid;
	d.gid = s->gid;
	return d;
}

static bool is_default(const char *path)
{
	for (const struct dev *d = dev_defaults; d->path; d++) {
		if (str_eq(d->path, path))
			return true;
	}
	return str_eq(path, "/dev/ptmx") || str_eq(path, "/dev/console");
}

/* A device of config.json may be anywhere; its directory is resolved and made inside the root. */
void devices_make_listed(const struct launch *l, int rootfd, size_t i, int mntfd)
{
	struct dev d = device_of(&l->spec->linux_->devices[i]);
	const char *slash = strrchr(d.path, '/');
	_free_ char *parent = xmemdup0(d.path, (size_t)(slash - d.path + 1));
	_close_ int dirfd = target_open(rootfd, parent, true);

	if (dirfd < 0)
		die("make the directory of device '%s'", d.path);
	if (!slash[1] || str_eq(slash + 1, ".") || str_eq(slash + 1, ".."))
		diex("linux.devices[%zu].path: no file name", i);
	make_device(dirfd, slash + 1, &d, mntfd);
}

static void make_links(int devfd)
{
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (symlinkat(links[i].target, devfd, links[i].name) && errno != EEXIST)
			die("make link '/dev/%s'", links[i].name);
	}
	if (!faccessat(AT_FDCWD, "/proc/kcore", F_OK, 0) &&
	    symlinkat("/proc/kcore", devfd, "core") && errno != EEXIST)
		die("make link '/dev/core'");
	/* An image may bring its own, which would be the host's terminals. */
	if (unlinkat(devfd, "ptmx", 0) && errno != ENOENT)
		die("remove '/dev/ptmx'");
	if (symlinkat("pts/ptmx", devfd, "ptmx"))
		die("make link '/dev/ptmx'");
}

/* /dev is opened once and never through a link: an image's "/dev -> ../../tmp" must not lead
 * anywhere (CVE-2026-41579). */
static int open_dev(int rootfd)
{
	int fd = openat(rootfd, "dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		_close_ int made = target_open(rootfd, "/dev", true);

		fd = openat(rootfd, "dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		die("open the container's '/dev'");
	return fd;
}

void devices_make(const struct launch *l, int rootfd)
{
	size_t n = 0;

	if (is_bound(l))
		return;

	_close_ int devfd = open_dev(rootfd);

	for (const struct dev *d = dev_defaults; d->path; d++, n++)
		make_device(devfd, strrchr(d->path, '/') + 1, d,
			    l->device_fd ? l->device_fd[n] : -1);
	for (size_t i = 0; i < l->spec->linux_->n_devices; i++) {
		int mntfd = l->device_fd ? l->device_fd[n + i] : -1;

		if (!is_default(l->spec->linux_->devices[i].path))
			devices_make_listed(l, rootfd, i, mntfd);
	}
	make_links(devfd);
}
