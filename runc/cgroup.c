#include <fcntl.h>

#include "lib/cgroup.h"
#include "lib/die.h"
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

void cgroup_make(struct launch *l)
{
	struct container *c = l->container;
	char *path;

	if (runc_globals.no_cgroups || !open_layout(l)) {
		if (!runc_globals.no_cgroups && !runc_globals.rootless)
			die("find cgroups");
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
		c->cgroup = NULL;
		free(path);
		return;
	}
	record_paths(l);
	if (cgroup_join_open(&l->join, &l->group))
		die("open cgroup '%s'", path);
	l->cgroup_fd = l->join.v2_dirfd;
}
