#include "runc/group.h"
#include "lib/die.h"

const struct cgroup_layout *group_layout(void)
{
	static struct cgroup_layout layout;

	return layout.n || !cgroup_layout_open(&layout, NULL) ? &layout : NULL;
}

int group_open(struct group *g, const struct container *c)
{
	*g = (struct group)GROUP_NONE;
	if (!c->cgroup || !*c->cgroup)
		return set_errno(ENOENT);

	const struct cgroup_layout *layout = group_layout();

	return layout ? cgroup_open(&g->cgroup, layout, c->cgroup) : -1;
}

void group_close(struct group *g)
{
	int saved = errno;

	cgroup_close(&g->cgroup);
	errno = saved;
}

void xgroup_open(struct group *g, const struct container *c)
{
	if (!group_open(g, c))
		return;
	if (errno == ENOENT)
		diex("cgroup not exist");
	die("cannot open the cgroup of container '%s'", c->id);
}
