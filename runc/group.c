#include "runc/group.h"
#include "lib/die.h"

int group_open(struct group *g, const struct container *c)
{
	*g = (struct group)GROUP_NONE;
	if (!c->cgroup || !*c->cgroup)
		return set_errno(ENOENT);
	if (cgroup_layout_open(&g->layout, NULL))
		return -1;
	return cgroup_open(&g->cgroup, &g->layout, c->cgroup);
}

void group_close(struct group *g)
{
	int saved = errno;

	cgroup_close(&g->cgroup);
	cgroup_layout_close(&g->layout);
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
