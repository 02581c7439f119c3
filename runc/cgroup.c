#include <fcntl.h>
#include <sched.h>

#include "lib/cgroup.h"
#include "lib/die.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "runc/group.h"
#include "runc/launch.h"
#include "runc/runc.h"
#include "runc/scope.h"

/* An absolute path counts from where the hierarchies are mounted, and so does a relative one; none
 * means the id. */
static char *path_of(const struct launch *l)
{
	const char *path = l->spec->linux_->cgroupsPath;

	if (!path || !*path)
		return xstrdup(l->container->id);
	path += strspn(path, "/");
	if (!*path)
		diex("linux.cgroupsPath: the root cgroup cannot be a container's");
	return xstrdup(path);
}

/* Containers may share parents, never a cgroup: deleting one would kill the other. Asked before the
 * path is recorded, so that cleaning up never touches what is not ours. */
static void check_unused(const struct launch *l, const char *path)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;
	_cgroup_pids_ struct cgroup_pids pids = { 0 };

	if (cgroup_open(&g, &l->layout, path)) {
		if (errno == EINVAL)
			diex("linux.cgroupsPath: invalid path '%s'", path);
		return;
	}
	if (!cgroup_procs(&g, true, &pids) && pids.n)
		diex("container's cgroup is not empty: %zu process(es) found", pids.n);
	if (cgroup_is_frozen(&g) == 1)
		diex("container's cgroup unexpectedly frozen");
}

static void add_path(struct decode_map *m, const char *key, char *path)
{
	m->v = xreallocarray(m->v, m->n + 1, sizeof(*m->v));
	m->v[m->n++] = (struct decode_map_entry){ xstrdup(key), path };
}

/* cgroup_paths, for other programs that read state.json. */
static void record_paths(struct launch *l)
{
	struct decode_map *m = &l->container->cgroup_paths;

	for (int i = 0; i < l->layout.n; i++) {
		const char *name = l->layout.at[i].name;

		if (l->group.dirfd[i] < 0)
			continue;
		if (!*name) {
			add_path(m, "", xasprintf("/sys/fs/cgroup/%s", l->container->cgroup));
			continue;
		}

		_strv_ struct strv names = { 0 };

		strv_split(&names, name, ',');
		for (size_t k = 0; k < names.n; k++)
			add_path(m, names.v[k],
				 xasprintf("/sys/fs/cgroup/%s/%s", name, l->container->cgroup));
	}
}

static bool open_layout(struct launch *l)
{
	const struct cgroup_layout *layout = group_layout();

	if (layout)
		l->layout = *layout;
	return layout;
}

/* The record says what is wanted before it is there. */
static void save(const struct container *c)
{
	if (container_save(c))
		die("write state of container '%s'", c->id);
}

/* systemd makes its own hierarchies' part; then only what it does not know is left to make. */
static char *make_unit(struct launch *l)
{
	struct container *c = l->container;

	c->unit = scope_name(l);
	save(c);
	return scope_start(l);
}

static bool is_mounted_writable(const struct spec *s)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct spec_mount *m = &s->mounts[i];

		if (m->type && str_eq(m->type, "cgroup") && strv_index(m->options, "ro") < 0 &&
		    strv_index(m->options, "rro") < 0)
			return true;
	}
	return false;
}

/* A container that sees its own v2 group alone, and may write to it, manages what is below: the
 * group becomes its user's. Its limits stay ours. */
static void delegate(const struct launch *l)
{
	const struct spec_linux *lx = l->spec->linux_;
	const struct spec_user *u = l->process->user;
	uint32_t uid;

	if (l->layout.unified < 0 || !spec_is_new(l->spec, CLONE_NEWCGROUP) ||
	    !is_mounted_writable(l->spec))
		return;
	if (idmap_outside((const struct idmap *)(const void *)lx->uidMappings, lx->n_uidMappings,
			  u ? u->uid : 0, &uid))
		diex("process.user.uid: %u is not mapped", u ? u->uid : 0);
	if (uid && cgroup_delegate(&l->group, uid, (gid_t)-1))
		die("give cgroup '%s' to user %u", l->group.path, uid);
}

/* Does it limit anything? Engines write zeros and -1 for what they were not asked. */
static bool is_limit(const struct json *j)
{
	if (j->type == JSON_TRUE)
		return true;
	if (j->type == JSON_NUMBER || j->type == JSON_STRING)
		return *j->text && !str_eq(j->text, "0") && !str_eq(j->text, "-1");
	for (const struct json *c = j->child; c; c = c->next) {
		if (is_limit(c))
			return true;
	}
	return false;
}

/* Limits nobody could set must not be missed silently; devices are, as in every rootless runtime.
 */
static void check_unlimited(const struct launch *l)
{
	const struct json *j = json_find(l->spec->json, "linux.resources");

	for (j = j ? j->child : NULL; j; j = j->next) {
		if (!str_eq(j->key, "devices") && is_limit(j))
			diex("linux.resources.%s: there is no cgroup that may be used", j->key);
	}
}

void cgroup_make(struct launch *l)
{
	struct container *c = l->container;
	char *path;

	if (runc_globals.no_cgroups || !open_layout(l)) {
		if (!runc_globals.no_cgroups && !runc_globals.rootless)
			die("find cgroups");
		if (!runc_globals.no_cgroups)
			check_unlimited(l);
		save(c);
		return;
	}
	if (runc_globals.systemd) {
		path = make_unit(l);
	} else {
		path = path_of(l);
		check_unused(l, path);
	}
	c->cgroup = path;
	save(c);
	if (cgroup_create(&l->group, &l->layout, path, false)) {
		if (!runc_globals.rootless)
			die("make cgroup '%s'", path);
		check_unlimited(l);
		c->cgroup = NULL;
		free(path);
		return;
	}
	record_paths(l);
	delegate(l);
	if (cgroup_join_open(&l->join, &l->group))
		die("open cgroup '%s'", path);
	l->cgroup_fd = l->join.v2_dirfd;
}
