/* cgctl snapshot - print groups with their limits, as `cgctl apply` takes them. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cgctl/group.h"
#include "cgctl/keys.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"

static bool all;

static const struct opt opts[] = {
	{ 'a', "all", OPT_FLAG, &all, NULL, "limits that are as in a new group, too" },
	{ 0 },
};

static void add_owner(const struct cgroup *g, struct buf *out)
{
	int v2 = g->layout->unified;
	struct stat st;

	if (v2 < 0 || g->dirfd[v2] < 0 || fstat(g->dirfd[v2], &st) < 0 ||
	    (!st.st_uid && !st.st_gid))
		return;
	buf_addf(out, "%s\towner=%u:%u\n", g->path, st.st_uid, st.st_gid);
}

/* A line of a value is a line of ours. */
static void add_value(struct buf *out, const char *group, const char *key, const char *value)
{
	while (*value) {
		int len = (int)strcspn(value, "\n");

		buf_addf(out, "%s\t%s=%.*s\n", group, key, len, value);
		value += len + (value[len] != '\0');
	}
}

static void add_group(const struct cgroup *parent, const struct cgroup *g, struct buf *out)
{
	buf_addf(out, "%s\n", g->path);
	for (size_t i = 0; i < group_keys_n; i++) {
		_buf_ struct buf value = { 0 };

		if (group_key_get(g, &group_keys[i], &value) &&
		    (all || !group_key_is_unset(parent, &group_keys[i], buf_str(&value))))
			add_value(out, g->path, group_keys[i].name, buf_str(&value));
	}
	add_owner(g, out);
}

static void add_below(const struct cgroup *g, struct buf *out)
{
	_strv_ struct strv names = { 0 };

	if (cgroup_children(g, ~0u, &names) < 0)
		die("list groups below '%s'", g->path);
	for (size_t i = 0; i < names.n; i++) {
		_cgroup_ struct cgroup child = CGROUP_NONE;
		_free_ char *path = xasprintf("%s%s%s", g->path, *g->path ? "/" : "", names.v[i]);

		/* Gone meanwhile, or of a name that nobody could give it again. */
		if (cgroup_open(&child, g->layout, path) < 0)
			continue;
		add_group(g, &child, out);
		add_below(&child, out);
	}
}

static void snapshot(const struct cgroup_layout *l, const char *path, struct buf *out)
{
	_cgroup_ struct cgroup g = CGROUP_NONE, parent = CGROUP_NONE;

	xgroup_open(&g, l, path);
	if (*g.path) {
		_free_ char *above = xstrdup(g.path);
		char *slash = strrchr(above, '/');

		*(slash ? slash : above) = '\0';
		xgroup_open(&parent, l, above);
		add_group(&parent, &g, out);
	}
	add_below(&g, out);
}

int cgctl_snapshot(int argc, char **argv)
{
	const struct usage u = { "[-a] [GROUP]...",
				 "Print groups, those below, and their limits, for cgctl apply.",
				 opts, 0, NULL };
	struct cgroup_layout layout;
	_buf_ struct buf out = { 0 };
	int at = opt_parse(argc, argv, &u);

	xlayout_open(&layout);
	if (at == argc)
		snapshot(&layout, "/", &out);
	for (; at < argc; at++)
		snapshot(&layout, argv[at], &out);
	xgroup_print(&out);
	cgroup_layout_close(&layout);
	return 0;
}
