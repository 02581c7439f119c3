#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/path.h"
#include "lib/str.h"
#include "lib/sys.h"
#include "runc/annotations.h"
#include "runc/launch.h"
#include "runc/runc.h"

/* Mounts to be made read-only last, since mount points below them were still to be made. */
static struct {
	int *fd;
	size_t n;
} late;

static void finish_later(int mntfd)
{
	late.fd = xreallocarray(late.fd, late.n + 1, sizeof(*late.fd));
	late.fd[late.n++] = mntfd;
}

void mount_finish(void)
{
	for (size_t i = 0; i < late.n; i++) {
		if (mnt_change(late.fd[i], MOUNT_ATTR_RDONLY, 0, false))
			die("make a mount read-only");
		close(late.fd[i]);
	}
	late.n = 0;
}

static bool is_type(const struct spec_mount *m, const char *type)
{
	return m->type && str_eq(m->type, type);
}

/* "/proc/" and "proc//." are "/proc". The text is only compared, never opened. */
static char *clean(const char *path)
{
	_strv_ struct strv parts = { 0 };
	_buf_ struct buf b = { 0 };

	strv_split(&parts, path, '/');
	for (size_t i = 0; i < parts.n; i++) {
		if (*parts.v[i] && !str_eq(parts.v[i], "."))
			buf_addf(&b, "/%s", parts.v[i]);
	}
	return xstrdup(b.len ? b.data : "/");
}

static bool has_magic(int fd, long magic)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == magic;
}

/* What may be mounted over files of proc: lxcfs gives containers their own. */
static bool is_allowed_in_proc(const char *path)
{
	static const char *const allowed[] = { "/proc/cpuinfo",
					       "/proc/diskstats",
					       "/proc/meminfo",
					       "/proc/stat",
					       "/proc/swaps",
					       "/proc/uptime",
					       "/proc/loadavg",
					       "/proc/slabinfo",
					       "/proc/sys/kernel/ns_last_pid",
					       "/proc/sys/crypto/fips_enabled",
					       NULL };

	return strv_index((char *const *)(uintptr_t)allowed, path) >= 0;
}

/* A fake /proc would make label writes go anywhere (CVE-2019-16884). */
static void check_target(const struct spec_mount *m, int mntfd, int targetfd)
{
	_free_ char *path = clean(m->destination);

	if (str_eq(path, "/proc") && !is_type(m, "proc") && !has_magic(mntfd, PROC_SUPER_MAGIC))
		diex("mount on '%s': only proc can be mounted there", m->destination);
	if (!str_eq(path, "/proc") && has_magic(targetfd, PROC_SUPER_MAGIC) &&
	    !is_allowed_in_proc(path))
		diex("\"%s\" cannot be mounted because it is inside /proc", m->destination);
}

/* proc and sysfs go to a plain directory: a link there has been an attack each time
 * (CVE-2019-19921, CVE-2023-27561). openat2 refuses links in every component, so the path needs no
 * joining and no second look. */
static int open_plain_dir(int rootfd, const char *path)
{
	uint64_t how = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
	int fd = sys_openat2(rootfd, path, O_PATH | O_DIRECTORY, 0, how);

	if (fd >= 0 || errno != ENOENT)
		return fd;

	_close_ int made = target_open(rootfd, path, true);

	return made < 0 ? -1 : sys_openat2(rootfd, path, O_PATH | O_DIRECTORY, 0, how);
}

static int open_target(const struct spec_mount *m, const struct mnt_opts *o, int rootfd,
		       bool directory)
{
	int fd;

	if (is_type(m, "proc") || is_type(m, "sysfs")) {
		fd = open_plain_dir(rootfd, m->destination);
		if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
			diex("filesystem \"%s\" must be mounted on ordinary directory: '%s'",
			     m->type, m->destination);
	} else if (o->dest_nofollow) {
		fd = mount_open_link(rootfd, m->destination, directory);
	} else {
		fd = target_open(rootfd, m->destination, directory);
	}
	if (fd < 0)
		die("open mount target '%s'", m->destination);
	return fd;
}

/* A tmpfs over a directory that was there looks like it, unless told otherwise. Was there one? */
static bool inherit_mode(const struct spec_mount *m, struct mnt_opts *o, int rootfd)
{
	_close_ int fd = -1;
	struct stat st;

	if (!is_type(m, "tmpfs") || (mnt_opts_data(o, "mode") && !o->tmpcopyup))
		return false;
	fd = path_open_in_root(rootfd, m->destination, O_PATH | O_DIRECTORY);
	/* Nothing there, or what cannot be a mount point, which its opening will say. */
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return false;
	if (fd < 0 || fstat(fd, &st))
		die("open mount target '%s'", m->destination);
	if (!mnt_opts_data(o, "mode")) {
		_free_ char *mode = xasprintf("mode=%o", st.st_mode & 07777);

		strv_add(&o->data, mode);
	}
	return true;
}

static bool has_long_value(const struct mnt_opts *o)
{
	for (size_t i = 0; i < o->data.n; i++) {
		if (strlen(o->data.v[i]) > 255)
			return true;
	}
	return false;
}

/* A user namespace without a network of its own may not mount sysfs. */
static bool may_not_mount_sysfs(const struct launch *l)
{
	bool userns = runc_globals.rootless || spec_namespace(l->spec, CLONE_NEWUSER);

	return userns && !spec_is_new(l->spec, CLONE_NEWNET);
}

/* The host's instead, with all that is mounted below, read-only. */
static int bind_sysfs(const struct mnt_opts *o)
{
	_close_ int fd = mnt_clone(AT_FDCWD, "/sys", true);

	if (fd < 0 || mnt_change(fd, o->set | MOUNT_ATTR_RDONLY, 0, true))
		return -1;
	return steal_fd(&fd);
}

_noreturn_ static void fail(const struct spec_mount *m, const struct buf *why)
{
	if (why->len)
		diex("mount '%s' on '%s': %s: %s", m->type, m->destination, buf_str(why),
		     strerror(errno));
	if (errno == EPERM && is_type(m, "proc"))
		diex("mount 'proc' on '%s': Operation not permitted (something is mounted over the "
		     "host's /proc)",
		     m->destination);
	if (errno == ENODEV)
		diex("mount '%s' on '%s': file system not supported by this kernel", m->type,
		     m->destination);
	die("mount '%s' on '%s'", m->type, m->destination);
}

/* Make the file system, without what has to wait; -1: done by mount(2), nothing is left to attach.
 */
static int make_fs(const struct launch *l, const struct spec_mount *m, struct mnt_opts *o,
		   int targetfd)
{
	_buf_ struct buf why = { 0 };
	int fd;

	if (has_long_value(o)) {
		if (mnt_old(m->type, m->source, targetfd, o))
			fail(m, &why);
		return -1;
	}
	fd = mnt_new(m->type, m->source, o, &why);
	if (fd < 0 && errno == EPERM && is_type(m, "sysfs") && may_not_mount_sysfs(l))
		fd = bind_sysfs(o);
	if (fd < 0)
		fail(m, &why);
	return fd;
}

/* The container's proc serves as our own too: it is fresh, and nothing can be over it that we did
 * not put there. */
static void keep_proc(struct launch *l, const struct spec_mount *m, const struct mnt_opts *o,
		      int fd)
{
	if (is_type(m, "proc") && l->procfd < 0 && !o->data.n && !(o->set & MOUNT_ATTR_RDONLY))
		l->procfd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* linux.mountLabel, as the option by which SELinux takes it; kernel file systems have labels of
 * their own, and a message queue takes its by attribute. */
static void add_label(const struct launch *l, const struct spec_mount *m, struct mnt_opts *o)
{
	const char *label = l->spec->linux_->mountLabel;
	const char *type = annotation_mount_context(annotation(l->spec, ANNOTATION_MOUNT_CONTEXT));

	if (label && *label && !is_type(m, "proc") && !is_type(m, "sysfs") &&
	    !is_type(m, "mqueue") && !mnt_opts_data(o, type))
		strv_take(&o->data, xasprintf("%s=%s", type, label));
}

static void label_queue(const struct launch *l, const struct spec_mount *m, int fd)
{
	const char *label = l->spec->linux_->mountLabel;
	char link[FD_LINK_MAX];

	if (label && *label && is_type(m, "mqueue") &&
	    setxattr(fd_link(fd, link), "security.selinux", label, strlen(label) + 1, 0))
		die("set linux.mountLabel on '%s'", m->destination);
}

/* Over the root itself: from here on that is the root. */
static void take_root(const char *path, int *fd, int *rootfd)
{
	if (!str_eq(path, "/"))
		return;
	close_fd(rootfd);
	*rootfd = fcntl(*fd, F_DUPFD_CLOEXEC, 0);
	if (*rootfd < 0)
		die("take what is mounted on '/' for the root");
}

static void attach_fs(struct launch *l, const struct spec_mount *m, struct mnt_opts *o, int *rootfd)
{
	_free_ char *path = clean(m->destination);
	bool late_ro = o->set & MOUNT_ATTR_RDONLY && is_type(m, "tmpfs");
	bool existed = inherit_mode(m, o, *rootfd);
	_close_ int targetfd = open_target(m, o, *rootfd, true);

	check_target(m, -1, targetfd);
	if (late_ro)
		o->set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	add_label(l, m, o);

	_close_ int fd = make_fs(l, m, o, targetfd);

	if (fd < 0)
		return;
	if (o->tmpcopyup && existed && copy_tree(targetfd, fd))
		die("copy '%s' into its tmpfs", m->destination);
	if (mnt_attach(fd, targetfd) || mnt_propagate(fd, o->propagation, o->propagation_tree))
		die("mount '%s' on '%s'", m->type, m->destination);
	label_queue(l, m, fd);
	keep_proc(l, m, o, fd);
	take_root(path, &fd, rootfd);
	if (late_ro)
		finish_later(steal_fd(&fd));
}

static void attach_bind(const struct spec_mount *m, struct mnt_opts *o, int *fd, int *rootfd)
{
	_free_ char *path = clean(m->destination);
	struct stat st;

	if (fstat(*fd, &st))
		die("stat mount source '%s'", m->source);
	if (o->data.n)
		diex("mounts: bind on '%s': unknown option '%s'", m->destination, o->data.v[0]);
	if (o->copy_symlink && S_ISLNK(st.st_mode)) {
		mount_copy_link(m, *fd, *rootfd);
		return;
	}

	_close_ int targetfd = open_target(m, o, *rootfd, S_ISDIR(st.st_mode));

	check_target(m, *fd, targetfd);
	if (mnt_apply(*fd, o))
		die("set the options of bind '%s' on '%s'", m->source, m->destination);
	if (mnt_attach(*fd, targetfd))
		die("mount '%s' on '%s'", m->source, m->destination);
	take_root(path, fd, rootfd);
}

/* Change what is mounted there already: its attributes, and, but for a bind, its file system's
 * options. */
static void remount(const struct spec_mount *m, struct mnt_opts *o, int rootfd)
{
	_close_ int targetfd = path_open_in_root(rootfd, m->destination, O_PATH);
	_buf_ struct buf why = { 0 };

	if (targetfd < 0)
		die("open mount '%s' to remount it", m->destination);
	if (!o->bind && o->data.n && mnt_reconfigure(targetfd, o, &why))
		fail(m, &why);
	if (mnt_apply(targetfd, o))
		die("remount '%s'", m->destination);
}

void mount_attach(struct launch *l, int *rootfd, size_t i)
{
	const struct spec_mount *m = &l->spec->mounts[i];
	_close_ int sourcefd = steal_fd(&l->sourcefd[i]);
	struct mnt_opts o;

	mnt_opts_parse(&o, m->options);
	if (o.remount) {
		remount(m, &o, *rootfd);
	} else if (sourcefd >= 0) {
		attach_bind(m, &o, &sourcefd, rootfd);
	} else if (!m->type || !*m->type) {
		diex("mounts: '%s' has no type", m->destination);
	} else if (is_type(m, "cgroup")) {
		_close_ int targetfd = open_target(m, &o, *rootfd, true);

		mount_cgroups(l, targetfd, &o);
	} else {
		attach_fs(l, m, &o, rootfd);
	}
	mnt_opts_free(&o);
}
