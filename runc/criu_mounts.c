#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "lib/cgroup.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/ns.h"
#include "lib/path.h"
#include "runc/criu_mounts.h"
#include "runc/launch.h"

/* criu keeps these two apart from the others: they are there before it is. */
static const struct external {
	int flag;
	const char *type, *key;
} externals[] = {
	{ CLONE_NEWNET, "net", "extRootNetNS" },
	{ CLONE_NEWPID, "pid", "extRootPidNS" },
};

static const char *path_of(const struct spec *spec, int flag)
{
	const struct spec_namespace *ns = spec_namespace(spec, flag);

	return ns && ns->path && *ns->path ? ns->path : NULL;
}

void criu_dump_namespaces(struct criu *k, const struct spec *spec)
{
	for (size_t i = 0; i < ARRAY_LEN(externals); i++) {
		const struct external *x = &externals[i];
		const char *path = path_of(spec, x->flag);
		struct stat st;

		if (!path)
			continue;
		if (stat(path, &st))
			die("open %s namespace '%s'", x->type, path);

		_free_ char *name = xasprintf("%s[%llu]:%s", x->type, (unsigned long long)st.st_ino,
					      x->key);

		request_add_str(&k->opts, CRIU_EXTERNAL, name);
	}
}

static const struct external *external(int flag)
{
	for (size_t i = 0; i < ARRAY_LEN(externals); i++) {
		if (externals[i].flag == flag)
			return &externals[i];
	}
	return NULL;
}

static void restore_namespace(struct criu *k, const struct spec_namespace *ns)
{
	const struct external *x = external(ns->type);
	const struct ns_type *type = ns_of_flag(ns->type);
	_buf_ struct buf join = { 0 };
	int fd = ns_open_path(ns->path, ns->type);

	if (fd < 0)
		die("open %s namespace '%s'", type->spec, ns->path);
	if (x) {
		criu_add_inherited(k, x->key, fd);
		return;
	}
	close(fd);
	if (ns->type == CLONE_NEWCGROUP)
		diex("a cgroup namespace by path is not supported by criu");
	request_add_str(&join, 1, type->proc);
	request_add_str(&join, 2, ns->path);
	request_add_msg(&k->opts, CRIU_JOIN_NS, &join);
}

void criu_restore_namespaces(struct criu *k, const struct spec *spec)
{
	for (size_t i = 0; i < spec->linux_->n_namespaces; i++) {
		if (path_of(spec, spec->linux_->namespaces[i].type))
			restore_namespace(k, &spec->linux_->namespaces[i]);
	}
}

static bool is_type(const struct spec_mount *m, const char *type)
{
	return m->type && str_eq(m->type, type);
}

static bool is_bind(const struct spec_mount *m)
{
	struct mnt_opts o;
	bool bind;

	mnt_opts_parse(&o, m->options);
	bind = o.bind || is_type(m, "bind");
	mnt_opts_free(&o);
	return bind;
}

/* Where PATH really is in the container, links followed: the kernel's name for it. NULL: nowhere.
 */
static char *real_place(int rootfd, const char *path, struct stat *st)
{
	_close_ int fd = path_open_in_root(rootfd, path, O_PATH);

	return fd < 0 || fstat(fd, st) ? NULL : fd_path(fd);
}

/* The directory of the container's cgroup in hierarchy NAME ("" on v2), on the host. */
static char *group_dir(const struct container *c, const char *name)
{
	return *name ? xasprintf("/sys/fs/cgroup/%s/%s", name, c->cgroup)
		     : xasprintf("/sys/fs/cgroup/%s", c->cgroup);
}

/* Mounts of cgroups are the host's directories (mount_cgroup.c). KEEP: name them; else say where
 * they are now. */
static void add_cgroups(struct criu *k, const struct container *c, const char *at, bool keep)
{
	struct cgroup_layout layout;
	_cgroup_ struct cgroup g = CGROUP_NONE;

	if (!c->cgroup || cgroup_layout_open(&layout, NULL))
		return;
	if (cgroup_open(&g, &layout, c->cgroup))
		die("open cgroup '%s'", c->cgroup);
	for (int i = 0; i < layout.n; i++) {
		const char *name = layout.at[i].name;
		_free_ char *key = *name ? xasprintf("%s/%s", at, name) : xstrdup(at);
		_free_ char *dir = group_dir(c, name);

		if (g.dirfd[i] >= 0)
			criu_add_mount(k, key, keep ? key : dir);
	}
	cgroup_layout_close(&layout);
}

static void dump_masks(struct criu *k, const struct spec *spec, int rootfd)
{
	for (char **p = spec->linux_->maskedPaths; p && *p; p++) {
		struct stat st;
		_free_ char *place = real_place(rootfd, *p, &st);

		if (place && !S_ISDIR(st.st_mode))
			criu_add_mount(k, place, "/dev/null");
	}
}

/* In a user namespace they are the host's nodes, bound. */
static void add_devices(struct criu *k, const struct spec *spec)
{
	for (size_t i = 0; i < spec->linux_->n_devices; i++)
		criu_add_mount(k, spec->linux_->devices[i].path, spec->linux_->devices[i].path);
}

void criu_dump_mounts(struct criu *k, const struct container *c, const struct spec *spec)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)c->init_process_pid);

	_close_ int rootfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (rootfd < 0)
		die("open the root of container '%s'", c->id);
	for (size_t i = 0; i < spec->n_mounts; i++) {
		struct stat st;
		_free_ char *place = real_place(rootfd, spec->mounts[i].destination, &st);

		if (place && is_bind(&spec->mounts[i]))
			criu_add_mount(k, place, place);
		else if (place && is_type(&spec->mounts[i], "cgroup"))
			add_cgroups(k, c, place, true);
	}
	dump_masks(k, spec, rootfd);
	add_devices(k, spec);
}

void criu_restore_mounts(struct criu *k, const struct container *c, const struct spec *spec)
{
	_close_ int rootfd = open(c->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	size_t above = str_eq(c->rootfs, "/") ? 0 : strlen(c->rootfs);

	if (rootfd < 0)
		die("open root file system '%s'", c->rootfs);
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *m = &spec->mounts[i];
		struct stat st;
		_free_ char *place = real_place(rootfd, m->destination, &st);
		/* Behind links it has the name it had when it was dumped. */
		const char *key = place ? place + above : m->destination;

		if (is_bind(m)) {
			_free_ char *source = realpath(m->source ? m->source : "", NULL);

			if (!source)
				die("open mount source '%s' for '%s'", m->source, m->destination);
			criu_add_mount(k, key, source);
		} else if (is_type(m, "cgroup")) {
			add_cgroups(k, c, key, false);
		}
	}
	if (spec->linux_->maskedPaths && *spec->linux_->maskedPaths)
		criu_add_mount(k, "/dev/null", "/dev/null");
	add_devices(k, spec);
}

static bool is_on_tmpfs(const struct spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const char *rest = is_type(&spec->mounts[i], "tmpfs")
					   ? str_after(path, spec->mounts[i].destination)
					   : NULL;

		if (rest && *rest == '/')
			return true;
	}
	return false;
}

static bool is_directory(const struct spec_mount *m)
{
	struct stat st;

	return !is_bind(m) || stat(m->source, &st) || S_ISDIR(st.st_mode);
}

void criu_make_targets(const struct spec *spec, int rootfd)
{
	mode_t mask = umask(0);

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *m = &spec->mounts[i];

		if (is_type(m, "cgroup") || is_on_tmpfs(spec, m->destination))
			continue;

		_close_ int fd = target_open(rootfd, m->destination, is_directory(m));

		if (fd < 0)
			die("make mount target '%s'", m->destination);
	}
	umask(mask);
}
