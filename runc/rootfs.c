#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

#include "lib/die.h"
#include "lib/mnt.h"
#include "lib/str.h"
#include "runc/launch.h"

static uint64_t propagation(const struct launch *l, uint64_t otherwise)
{
	char *words[] = { l->spec->linux_->rootfsPropagation, NULL };
	struct mnt_opts o;
	uint64_t type;

	if (!words[0] || !*words[0])
		return otherwise;
	mnt_opts_parse(&o, words);
	type = o.propagation;
	mnt_opts_free(&o);
	return type;
}

/* The mount that holds PATH must not be shared, or attaching the root would be seen outside, and
 * pivot_root refuses. EINVAL: this directory is no mount's root; its parent may be. */
static void make_parent_private(const char *path)
{
	_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && mnt_propagate(fd, MS_PRIVATE, false)) {
		int up = errno == EINVAL ? openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

		close_fd(&fd);
		fd = up;
	}
	if (fd < 0)
		die("make the mount of '%s' private", path);
}

/* Nothing that happens in here may reach the host's mounts. */
static void cut_propagation(const struct launch *l)
{
	uint64_t type = propagation(l, MS_SLAVE);

	/* Private for now: unbindable would stop the clones below, and private is what it becomes
	 * in the end. */
	if (type == MS_UNBINDABLE)
		type = MS_PRIVATE;
	if (mount(NULL, "/", NULL, MS_REC | type, NULL))
		die("set the propagation of '/'");
	if (type == MS_SHARED)
		make_parent_private(l->container->rootfs);
}

/* The root is attached where it is on the host, since hooks look for it there; in a user namespace
 * that may not be reachable, and any place will do. */
static void attach_root(const struct launch *l)
{
	const char *path = l->container->rootfs;

	if (move_mount(l->rootfs_treefd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) &&
	    (errno != EACCES ||
	     move_mount(l->rootfs_treefd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)))
		die("attach root file system '%s'", path);
}

int rootfs_build(struct launch *l)
{
	int rootfd;

	if (spec_namespace(l->spec, CLONE_NEWNS)) {
		cut_propagation(l);
		attach_root(l);
		rootfd = steal_fd(&l->rootfs_treefd);
	} else {
		rootfd = open(l->container->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (rootfd < 0)
			die("open root file system '%s'", l->container->rootfs);
	}
	for (size_t i = 0; i < l->spec->n_mounts; i++)
		mount_attach(l, &rootfd, i);
	return rootfd;
}

/* "." is the new root and, right after, the old one on top of it, whose mounts, if SHARED with the
 * host, must not take the host's along. */
static void pivot(bool shared)
{
	if (syscall(SYS_pivot_root, ".", "."))
		die("pivot_root");
	if ((shared && mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL)) || umount2(".", MNT_DETACH))
		die("detach the host's root");
	if (chdir("/"))
		die("chdir to '/'");
}

/* The root of a ramfs cannot be pivoted: the new one is moved over it. The host's proc and sysfs
 * would stay reachable below it, so they go first. */
static void move_over(void)
{
	static const char *const leaks[] = { "/proc", "/sys" };

	for (size_t i = 0; i < ARRAY_LEN(leaks); i++) {
		if (umount2(leaks[i], MNT_DETACH) && errno != EINVAL && errno != ENOENT &&
		    mount("tmpfs", leaks[i], "tmpfs", 0, "size=0"))
			die("hide the host's '%s'", leaks[i]);
	}
	if (mount(".", "/", NULL, MS_MOVE, NULL))
		die("move the root file system to '/'");
	if (chroot(".") || chdir("/"))
		die("chroot");
}

void rootfs_switch(const struct launch *l, int rootfd)
{
	bool own = spec_namespace(l->spec, CLONE_NEWNS);
	uint64_t type = propagation(l, 0);

	if (fchdir(rootfd))
		die("enter the root file system");
	if (!own) {
		if (chroot(".") || chdir("/"))
			die("chroot");
		return;
	}
	if (l->no_pivot)
		move_over();
	else
		pivot(type == MS_SHARED);
	if (mnt_propagate(rootfd, type, true))
		die("set linux.rootfsPropagation");
	if (l->spec->root->readonly && mnt_change(rootfd, MOUNT_ATTR_RDONLY, 0, false))
		die("make the root file system read-only");
}
