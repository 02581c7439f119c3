#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <sys/stat.h>

#include "lib/base64.h"
#include "lib/dev.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/path.h"
#include "lib/proc.h"
#include "lib/seccomp_spec.h"
#include "lib/sock.h"
#include "runc/annotations.h"
#include "runc/launch.h"
#include "runc/notify.h"
#include "runc/runc.h"

static void prepare_env(struct launch *l)
{
	for (char **e = l->process->env; e && *e; e++)
		strv_setenv(&l->env, *e);
	if (l->listen_fds) {
		_free_ char *n = xasprintf("LISTEN_FDS=%d", l->listen_fds);

		strv_setenv(&l->env, n);
		strv_setenv(&l->env, "LISTEN_PID=1");
	}
}

static int open_cache(void)
{
	_free_ char *dir = xasprintf("%s/.cache", runc_globals.root);

	return path_open_dir(dir, 0700);
}

/* A filter as the kernel takes it, which comes instead of linux.seccomp. */
static void take_filter(struct launch *l, const char *base64)
{
	size_t len = 0;
	_free_ char *bytes = base64_decode(base64, &len);
	size_t n = len / sizeof(*l->seccomp.insns);

	if (!bytes || !n || n > BPF_MAXINSNS || len % sizeof(*l->seccomp.insns))
		diex("annotations: '" ANNOTATION_SECCOMP_BPF "' is no filter");
	l->seccomp = (struct seccomp_program){ .insns = (void *)steal_ptr(&bytes), .ninsns = n };
	l->has_seccomp = true;
}

/* The filter is compiled here, while nothing waits for it; the child only loads it. */
static void prepare_seccomp(struct launch *l)
{
	const struct json *j = json_find(l->spec->json, "linux.seccomp");
	_seccomp_profile_ struct seccomp_profile profile = { 0 };
	const char *filter = annotation(l->spec, ANNOTATION_SECCOMP_BPF);
	char why[DECODE_WHY_MAX];

	if (filter)
		take_filter(l, filter);
	if (filter || !j || j->type == JSON_NULL)
		return;
	if (seccomp_profile_decode(j, &profile, why))
		diex("%s", why);
	if (!seccomp_is_wanted(&profile))
		return;
	if (annotation_is_on(l->spec, ANNOTATION_SECCOMP_STRICT) && seccomp_unknown_name(&profile))
		diex("linux.seccomp: unknown system call '%s'", seccomp_unknown_name(&profile));
	if (seccomp_has_notify(&profile)) {
		const char *path = annotation_listener(l->spec, profile.listenerPath);

		if (!path)
			diex("linux.seccomp.listenerPath: missing, but SCMP_ACT_NOTIFY is used");
		l->listener_path = xstrdup(path);
		if (profile.listenerMetadata)
			l->listener_metadata = xstrdup(profile.listenerMetadata);
	}

	_close_ int cachefd = open_cache();

	if (seccomp_compile(&profile, cachefd, &l->seccomp, why))
		diex("linux.seccomp.%s", why);
	l->has_seccomp = true;
}

static void check_kept_fds(const struct launch *l)
{
	for (int fd = 3; fd < 3 + l->keep_fds; fd++) {
		if (!fd_is_open(fd))
			die("unable to stat preserved-fd %d", fd);
	}
}

void prepare_process(struct launch *l)
{
	check_kept_fds(l);
	prepare_env(l);
	l->ignored_signals = proc_ignored_signals();
	prepare_seccomp(l);
	lsm_check(l);
}

uint64_t mounts_apart(const struct launch *l)
{
	const char *propagation = l->spec->linux_->rootfsPropagation;

	return propagation && str_ends(propagation, "shared") ? 0 : MS_SLAVE;
}

static int clone_apart(const struct launch *l, int dirfd, const char *path, bool tree)
{
	_close_ int fd = mnt_clone(dirfd, path, tree);

	if (fd < 0 || mnt_propagate(fd, mounts_apart(l), tree))
		return -1;
	return steal_fd(&fd);
}

static struct idmaps maps_of(struct spec_idmap *uids, size_t n_uids, struct spec_idmap *gids,
			     size_t n_gids)
{
	return (struct idmaps){ (struct idmap *)(void *)uids, (struct idmap *)(void *)gids, n_uids,
				n_gids };
}

/* A mount's own maps, or, for the option alone, the container's. */
static void map_source(const struct launch *l, const struct spec_mount *m, const struct mnt_opts *o,
		       int fd)
{
	const struct spec_linux *lx = l->spec->linux_;
	struct idmaps container = maps_of(lx->uidMappings, lx->n_uidMappings, lx->gidMappings,
					  lx->n_gidMappings);
	struct idmaps maps = m->n_uidMappings ? maps_of(m->uidMappings, m->n_uidMappings,
							m->gidMappings, m->n_gidMappings)
					      : container;
	_idmaps_ struct idmaps given = { 0 };

	if (!m->n_uidMappings && !o->idmap)
		return;
	if (o->idmap_text && idmap_parse(o->idmap_text, &container, &given))
		die("mounts: '%s': idmap '%s'", m->destination, o->idmap_text);
	if (given.n_uids) {
		maps.uids = given.uids;
		maps.n_uids = given.n_uids;
	}
	if (given.n_gids) {
		maps.gids = given.gids;
		maps.n_gids = given.n_gids;
	}

	_close_ int usernsfd = idmap_userns(maps.uids, maps.n_uids, maps.gids, maps.n_gids);

	if (usernsfd < 0)
		die("make the user namespace of the mappings of mount '%s'", m->destination);
	if (mnt_idmap(fd, usernsfd, o->idmap_tree))
		die("map the ids of mount '%s'", m->destination);
}

static bool is_link(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISLNK(st.st_mode);
}

/* A detached copy; or, with copy-symlink, the link itself, which mount_attach makes again. */
static int open_bind(const struct launch *l, const struct spec_mount *m, const struct mnt_opts *o)
{
	bool tree = o->bind_tree || !o->bind;
	_close_ int linkfd = -1;

	if (!o->copy_symlink && !o->src_nofollow)
		return clone_apart(l, AT_FDCWD, m->source, tree);
	linkfd = open(m->source, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (linkfd < 0)
		return -1;
	if (o->copy_symlink && is_link(linkfd))
		return steal_fd(&linkfd);
	return o->src_nofollow ? clone_apart(l, linkfd, "", tree)
			       : clone_apart(l, AT_FDCWD, m->source, tree);
}

static int open_source(const struct launch *l, const struct spec_mount *m)
{
	struct mnt_opts o;
	int fd = -1;

	mnt_opts_parse(&o, m->options);
	if (o.remount) {
		/* What is there already is meant. */
	} else if (o.bind || (m->type && str_eq(m->type, "bind"))) {
		if (!m->source || !*m->source)
			diex("mounts: bind on '%s' has no source", m->destination);
		fd = open_bind(l, m, &o);
		if (fd < 0)
			die("open mount source '%s' for '%s'", m->source, m->destination);
		if (!o.copy_symlink || !is_link(fd))
			map_source(l, m, &o, fd);
	} else if (m->n_uidMappings || o.idmap) {
		diex("mounts: id mappings on '%s', which is no bind mount", m->destination);
	}
	mnt_opts_free(&o);
	return fd;
}

/* The container sees its own cgroups, as copies of the host's mounts: a new mount of cgroup2 from
 * the initial cgroup namespace would wait for an RCU grace period (7-20 ms), and shows the same. */
static void open_cgroups(struct launch *l)
{
	const struct cgroup_layout *layout = &l->layout;
	bool whole = cgroup_is_unified(layout) && !spec_namespace(l->spec, CLONE_NEWCGROUP);

	for (int i = 0; i < layout->n; i++) {
		int dirfd = whole ? layout->at[i].dirfd : l->group.dirfd[i];

		if (dirfd >= 0)
			l->cgroupfd[i] = mnt_clone(dirfd, "", false);
		if (dirfd >= 0 && l->cgroupfd[i] < 0)
			die("open cgroup '%s' for a mount", layout->at[i].name);
	}
}

static bool wants_cgroups(const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (spec->mounts[i].type && str_eq(spec->mounts[i].type, "cgroup"))
			return true;
	}
	return false;
}

static int open_device(const struct dev *d)
{
	_close_ int fd = open(d->path, O_PATH | O_CLOEXEC);
	int mntfd;

	if (fd < 0)
		die("open device '%s'", d->path);
	if (!dev_is(fd, d))
		diex("device '%s': the host's is another, and none can be made in a user namespace",
		     d->path);
	mntfd = mnt_clone(fd, "", false);
	if (mntfd < 0)
		die("open device '%s' for a mount", d->path);
	return mntfd;
}

/* In a user namespace nobody may make nodes: the host's are bound instead. */
static void open_devices(struct launch *l)
{
	const struct spec_linux *lx = l->spec->linux_;
	size_t n = 0;

	for (const struct dev *d = dev_defaults; d->path; d++)
		n++;
	l->device_fd = xcalloc(n + lx->n_devices, sizeof(*l->device_fd));
	for (size_t i = 0; i < n; i++)
		l->device_fd[i] = open_device(&dev_defaults[i]);
	for (size_t i = 0; i < lx->n_devices; i++) {
		struct dev d = device_of(&lx->devices[i]);

		l->device_fd[n + i] = S_ISFIFO(d.mode) ? -1 : open_device(&d);
	}
}

void prepare_sources(struct launch *l)
{
	const struct spec *spec = l->spec;

	l->sourcefd = xcalloc(spec->n_mounts + 1, sizeof(*l->sourcefd));
	for (size_t i = 0; i < spec->n_mounts; i++)
		l->sourcefd[i] = open_source(l, &spec->mounts[i]);
}

void prepare_mounts(struct launch *l)
{
	const struct spec *spec = l->spec;

	memset(l->cgroupfd, -1, sizeof(l->cgroupfd));
	if (spec_namespace(spec, CLONE_NEWNS)) {
		l->rootfs_treefd = clone_apart(l, AT_FDCWD, l->container->rootfs, true);
		if (l->rootfs_treefd < 0)
			die("open root file system '%s'", l->container->rootfs);
	}
	prepare_sources(l);
	if (l->container->cgroup && wants_cgroups(spec))
		open_cgroups(l);
	if (spec_namespace(spec, CLONE_NEWUSER))
		open_devices(l);
	notify_open_mount(l);
}

bool has_own_ns(const struct launch *l, int type)
{
	return spec_namespace(l->spec, type) && !(l->host_ns & type);
}

/* A path may lead to where we are ourselves; what is set there would be set on the host. */
static void note_host(struct launch *l, size_t i)
{
	_close_ int ours = ns_open_pid(0, ns_types[i].flag);
	int same = ours < 0 ? -1 : ns_is_same(ours, l->nsfd[i]);

	if (same < 0)
		die("compare %s namespaces", ns_types[i].spec);
	if (same)
		l->host_ns |= ns_types[i].flag;
}

void prepare_namespaces(struct launch *l)
{
	for (size_t i = 0; i < NS_TYPES; i++) {
		const struct spec_namespace *ns = spec_namespace(l->spec, ns_types[i].flag);

		l->nsfd[i] = -1;
		if (!ns || !ns->path || !*ns->path)
			continue;
		l->nsfd[i] = ns_open_path(ns->path, ns->type);
		if (l->nsfd[i] < 0)
			die("open %s namespace '%s'", ns_types[i].spec, ns->path);
		note_host(l, i);
	}
	if (*(l->spec->hostname ? l->spec->hostname : "") && !has_own_ns(l, CLONE_NEWUTS))
		diex("hostname: the UTS namespace is the host's");
	if (*(l->spec->domainname ? l->spec->domainname : "") && !has_own_ns(l, CLONE_NEWUTS))
		diex("domainname: the UTS namespace is the host's");
}
