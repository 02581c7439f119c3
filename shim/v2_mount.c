/* v2_mount.c - a container's root file system, from the mounts it came with; in a child of the
 * server, as some file systems take their time.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/path.h"
#include "lib/proc.h"
#include "shim/v2.h"
#include "shim/v2_rootfs.h"

enum { PAGE = 4096, UNMOUNT_TRIES = 64 };

static void xclose_on(int mntfd, int targetfd, const char *source)
{
	if (mnt_attach(mntfd, targetfd) < 0)
		die("mount '%s'", source);
	close(mntfd);
}

static void bind(const struct mount_pb *m, int targetfd, const struct mnt_opts *o, int usernsfd)
{
	int mntfd = mnt_clone(AT_FDCWD, m->source ? m->source : "", o->bind_tree);

	if (mntfd < 0 || mnt_apply(mntfd, o) < 0 ||
	    (usernsfd >= 0 && mnt_idmap(mntfd, usernsfd, o->bind_tree) < 0))
		die("bind '%s'", m->source ? m->source : "");
	xclose_on(mntfd, targetfd, m->source ? m->source : "");
}

/* The length of the directory all lower layers are in, "/" included. */
static size_t common_dir(const struct strv *layers)
{
	const char *first = layers->v[0];
	size_t n = strlen(first);

	for (size_t i = 1; i < layers->n; i++) {
		size_t k = 0;

		while (k < n && layers->v[i][k] == first[k])
			k++;
		n = k;
	}
	while (n && first[n - 1] != '/')
		n--;
	return n;
}

/* Options of more than a page are cut by the kernel: many layers are named from their directory. */
static void shorten_lower(struct mnt_opts *o)
{
	for (size_t i = 0; i < o->data.n; i++) {
		const char *lower = str_after(o->data.v[i], "lowerdir=");
		_strv_ struct strv layers = { 0 };
		_buf_ struct buf text = { 0 };
		_free_ char *dir = NULL;
		size_t n;

		if (!lower)
			continue;
		strv_split(&layers, lower, ':');
		n = common_dir(&layers);
		dir = xmemdup0(layers.v[0], n);
		if (!n || chdir(dir) < 0)
			return;
		buf_adds(&text, "lowerdir=");
		for (size_t k = 0; k < layers.n; k++)
			buf_addf(&text, "%s%s", k ? ":" : "", layers.v[k] + n);
		free(o->data.v[i]);
		o->data.v[i] = buf_steal(&text);
		return;
	}
}

static size_t data_len(const struct mnt_opts *o)
{
	size_t len = 0;

	for (size_t i = 0; i < o->data.n; i++)
		len += strlen(o->data.v[i]) + 1;
	return len;
}

/* A value may be longer than the 255 bytes that fsconfig takes. */
static bool fits_fsconfig(const struct mnt_opts *o)
{
	for (size_t i = 0; i < o->data.n; i++)
		if (strlen(o->data.v[i]) > 200)
			return false;
	return true;
}

static void mount_new(const char *source, const char *type, int targetfd, struct mnt_opts *o,
		      int usernsfd)
{
	_buf_ struct buf why = { 0 };
	int mntfd;

	if (data_len(o) >= PAGE)
		shorten_lower(o);
	/* mount(2) has no moment to map ids in; an overlay's are those of its layers. */
	if (usernsfd < 0 && !fits_fsconfig(o)) {
		if (mnt_old(type, source, targetfd, o) < 0)
			die("mount '%s' (%s)", source, type);
		return;
	}
	mntfd = mnt_new(type, source, o, &why);
	if (mntfd < 0)
		die("mount '%s' (%s)%s%s", source, type, why.len ? ": " : "", buf_str(&why));
	if (usernsfd >= 0 && mnt_idmap(mntfd, usernsfd, false) < 0)
		die("map ids of '%s' (%s)", source, type);
	xclose_on(mntfd, targetfd, source);
}

static void mount_overlay(const char *source, int targetfd, struct mnt_opts *o, int usernsfd,
			  const char *scratch)
{
	if (usernsfd >= 0)
		layers_xmap(o, usernsfd, scratch);
	mount_new(source, "overlay", targetfd, o, -1);
	if (usernsfd >= 0)
		layers_hide(scratch);
}

/* A source of its own device, unless "loop" makes it one. */
static void mount_device(const struct mount_pb *m, const char *type, int targetfd,
			 struct mnt_opts *o, int usernsfd)
{
	const char *source = m->source && *m->source ? m->source : type;
	_free_ char *loop = rootfs_option(o, "loop"), *device = NULL;
	_close_ int fd = -1;

	if (loop)
		fd = loop_xattach(source, o->set & MOUNT_ATTR_RDONLY, &device);
	mount_new(device ? device : source, type, targetfd, o, usernsfd);
}

/* "fuse3.KIND": its helper mounts and stays. */
static void mount_fuse(const struct mount_pb *m, const char *target)
{
	_buf_ struct buf options = { 0 };
	char *argv[] = { (char *)"mount", (char *)"-t", m->type,	(char *)"-o", NULL,
			 (char *)"--",	  m->source,	(char *)target, NULL };
	pid_t pid;

	for (size_t i = 0; i < m->options.n; i++)
		buf_addf(&options, "%s%s", i ? "," : "", m->options.v[i]);
	argv[4] = (char *)buf_str(&options);
	pid = xfork();
	if (pid == 0)
		xexec(argv);
	if (proc_wait(pid) != 0)
		diex("mount '%s' (%s): mount(8) failed", m->source, m->type);
}

static void mount_one(const struct mount_pb *m, int rootfs_dirfd, const char *rootfs,
		      const char *scratch)
{
	const char *type = m->type && *m->type ? m->type : "bind";
	struct mnt_opts o = { .set = 0 };
	_close_ int targetfd = m->target && *m->target
				       ? path_open_in_root(rootfs_dirfd, m->target, O_PATH)
				       : fcntl(rootfs_dirfd, F_DUPFD_CLOEXEC, 3);

	if (targetfd < 0)
		die("open '%s' in '%s'", m->target ? m->target : "", rootfs);
	if (str_starts(type, "fuse.") || str_starts(type, "fuse3.")) {
		mount_fuse(m, rootfs);
		return;
	}
	mnt_opts_parse(&o, m->options.v);
	_close_ int usernsfd = rootfs_xuserns(&o);

	if (o.bind || str_eq(type, "bind"))
		bind(m, targetfd, &o, usernsfd);
	else if (str_eq(type, "overlay"))
		mount_overlay(m->source && *m->source ? m->source : type, targetfd, &o, usernsfd,
			      scratch);
	else
		mount_device(m, type, targetfd, &o, usernsfd);
	mnt_opts_free(&o);
}

void mounts_make(const struct task *t)
{
	const struct mount_pb *m = t->rootfs.v;
	_free_ char *rootfs = xasprintf("%s/rootfs", t->bundle);
	_free_ char *scratch = xasprintf("%s/layers", t->bundle);

	if (path_mkdirs(rootfs, 0711) < 0)
		die("make '%s'", rootfs);
	for (size_t i = 0; i < t->rootfs.n; i++) {
		/* Each time anew: a mount may lie on top of the one before. */
		_close_ int dirfd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (dirfd < 0)
			die("open '%s'", rootfs);
		mount_one(&m[i], dirfd, rootfs, scratch);
	}
}

int mounts_remove(const char *bundle)
{
	_free_ char *rootfs = xasprintf("%s/rootfs", bundle);
	_free_ char *scratch = xasprintf("%s/layers", bundle);

	/* Left by one that was killed. */
	layers_hide(scratch);
	/* What is busy, or on a server that does not answer, goes when it can. */
	for (int i = 0; i < UNMOUNT_TRIES; i++)
		if (umount2(rootfs, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return errno == EINVAL || errno == ENOENT ? 0 : -1;
	return 0;
}

void mounts_xremove(const char *bundle)
{
	if (mounts_remove(bundle) < 0)
		die("unmount '%s/rootfs'", bundle);
}
