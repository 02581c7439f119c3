#include <stdlib.h>
#include <string.h>

#include "lib/cgroup_private.h"
#include "lib/mem.h"
#include "lib/str.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_unique(struct strv *l)
{
	size_t kept = 0;

	if (!l->n)
		return;
	qsort(l->v, l->n, sizeof(*l->v), by_name);
	for (size_t i = 0; i < l->n; i++) {
		if (kept && str_eq(l->v[kept - 1], l->v[i]))
			free(l->v[i]);
		else
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
	l->v[kept] = NULL;
}

int cgroup_children(const struct cgroup *g, unsigned hierarchies, struct strv *names)
{
	for (int i = 0; i < g->layout->n; i++) {
		/* One that went away meanwhile has no children. */
		if (g->dirfd[i] >= 0 && hierarchies >> i & 1 &&
		    cgroup_list_dirs(g->dirfd[i], names) < 0 && errno != ENOENT && errno != ENODEV)
			return -1;
	}
	sort_unique(names);
	return 0;
}
