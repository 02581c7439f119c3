#include <fcntl.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/mnt.h"
#include "lib/str.h"
#include "runc/launch.h"

/* A second mount of the hierarchy is a copy of the first, which stays where it is. */
static int take_mount(const struct launch *l, int i)
{
	static bool taken[CGROUP_HIERARCHIES];
	bool again = taken[i];

	taken[i] = true;
	return again ? mnt_clone(l->cgroupfd[i], "", false)
		     : fcntl(l->cgroupfd[i], F_DUPFD_CLOEXEC, 0);
}

/* The host's flags stay. TARGET is "" for DIRFD itself, or a directory in it that we made. */
static void attach(const struct launch *l, int i, int dirfd, const char *target,
		   const struct mnt_opts *o)
{
	_close_ int mntfd = take_mount(l, i);

	if (mntfd < 0 || mnt_adopt(mntfd, o->set, mounts_apart(l)) ||
	    move_mount(mntfd, "", dirfd, target,
		       MOVE_MOUNT_F_EMPTY_PATH | (*target ? 0 : MOVE_MOUNT_T_EMPTY_PATH)))
		die("mount cgroup '%s'", target);
}

/* "cpu,cpuacct" is one directory, found by either name. */
static void link_controllers(int dirfd, const char *name)
{
	_strv_ struct strv names = { 0 };

	strv_split(&names, name, ',');
	for (size_t i = 0; names.n > 1 && i < names.n; i++) {
		if (symlinkat(name, dirfd, names.v[i]) && errno != EEXIST)
			die("link cgroup '%s'", names.v[i]);
	}
}

static void attach_hierarchy(const struct launch *l, int i, int dirfd, const struct mnt_opts *o)
{
	const char *name = l->layout.at[i].name;

	if (l->cgroupfd[i] < 0)
		return;
	if (mkdirat(dirfd, name, 0755))
		die("make mount point of cgroup '%s'", name);
	attach(l, i, dirfd, name, o);
	link_controllers(dirfd, name);
}

static int make_tmpfs(const struct mnt_opts *o)
{
	struct mnt_opts fs = { .set = o->set & ~(uint64_t)MOUNT_ATTR_RDONLY };
	int fd;

	strv_add(&fs.data, "mode=755");
	fd = mnt_new("tmpfs", "tmpfs", &fs, NULL);
	mnt_opts_free(&fs);
	return fd;
}

/* v1 and hybrid: a directory a hierarchy in a tmpfs. v2: the hierarchy itself. Without cgroups of
 * its own the container gets an empty read-only directory, never the host's. */
void mount_cgroups(const struct launch *l, int targetfd, const struct mnt_opts *o)
{
	if (cgroup_is_unified(&l->layout) && l->cgroupfd[0] >= 0) {
		attach(l, 0, targetfd, "", o);
		return;
	}

	_close_ int fd = make_tmpfs(o);

	if (fd < 0 || mnt_attach(fd, targetfd))
		die("mount 'tmpfs' for cgroups");
	for (int i = 0; i < l->layout.n; i++)
		attach_hierarchy(l, i, fd, o);
	if (mnt_change(fd, o->set | (l->container->cgroup ? 0 : MOUNT_ATTR_RDONLY), 0, false))
		die("set the options of the cgroup mount");
}
