/* cgctl ls - list groups. */
#include <string.h>

#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/mem.h"
#include "lib/opt.h"

static bool recursive, tree, processes, json, nul;
static struct strv controllers;

static const struct opt opts[] = {
	{ 'R', "recursive", OPT_FLAG, &recursive, NULL, "groups below those, too" },
	{ 'T', "tree", OPT_FLAG, &tree, NULL, "draw them as a tree" },
	{ 'p', "processes", OPT_FLAG, &processes, NULL, "with their processes, in the tree" },
	{ 'c', "controller", OPT_STRV, &controllers, "NAME",
	  "only groups of the hierarchy with that controller" },
	{ 0, "json", OPT_FLAG, &json, NULL,
	  "print an object a group: group, hierarchies, processes" },
	{ '0', "null", OPT_FLAG, &nul, NULL, "end each name with NUL instead of a newline" },
	{ 0 }
};

struct listing {
	const struct cgroup_layout *layout;
	unsigned hierarchies;
	struct buf out;
	struct buf indent; /* of the tree: what stands before a group's own line */
};

static unsigned chosen(const struct cgroup_layout *l)
{
	unsigned set = controllers.n ? 0 : ~0u;

	for (size_t i = 0; i < controllers.n; i++) {
		const char *name = controllers.v[i];
		int c = cgroup_controller_of(name, strlen(name));
		int h = c < 0 ? -1 : cgroup_hierarchy_of(l, (enum cgroup_controller)c);

		if (c < 0)
			opt_misuse("no such controller '%s'", name);
		if (h < 0)
			diex("list groups: no hierarchy has controller %s", name);
		set |= 1u << h;
	}
	return set;
}

static void add_json(struct listing *l, const struct cgroup *g)
{
	struct emit e = { .out = &l->out };
	_cgroup_pids_ struct cgroup_pids pids = { 0 };

	emit_object(&e, NULL);
	emit_str(&e, "group", g->path);
	emit_array(&e, "hierarchies");
	for (int i = 0; i < l->layout->n; i++) {
		if (g->dirfd[i] >= 0)
			emit_str(&e, NULL, *l->layout->at[i].name ? l->layout->at[i].name : ".");
	}
	emit_end(&e);
	if (cgroup_procs(g, false, &pids) == 0)
		emit_u64(&e, "processes", pids.n);
	emit_end(&e);
	buf_addc(&l->out, '\n');
}

static void add_processes(struct listing *l, const struct cgroup *g, bool last)
{
	_cgroup_pids_ struct cgroup_pids pids = { 0 };

	if (cgroup_procs(g, false, &pids) < 0)
		return;
	for (size_t i = 0; i < pids.n; i++) {
		_free_ char *name = group_comm(pids.pid[i]);

		buf_addf(&l->out, "%s%s%d %s\n", buf_str(&l->indent),
			 last && i + 1 == pids.n ? "`-" : "|-", (int)pids.pid[i],
			 name ? name : "?");
	}
}

static void list_below(struct listing *l, const struct cgroup *g);

static void add_line(struct listing *l, const char *name, const struct cgroup *g, bool last)
{
	if (json)
		add_json(l, g);
	else if (tree)
		buf_addf(&l->out, "%s%s%s\n", buf_str(&l->indent), last ? "`-" : "|-", name);
	else
		buf_addf(&l->out, "%s%c", g->path, nul ? '\0' : '\n');
}

static void add_group(struct listing *l, const struct cgroup *parent, const char *name, bool last)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;
	_free_ char *path = xasprintf("%s%s%s", parent->path, *parent->path ? "/" : "", name);
	_free_ char *shown = xstrdup(name);
	size_t len = l->indent.len;

	/* A name this program would not take, or gone meanwhile. */
	if (cgroup_open(&g, l->layout, path) < 0)
		return;
	add_line(l, die_clean(shown), &g, last);
	if (!recursive && !tree)
		return;
	buf_adds(&l->indent, last ? "  " : "| ");
	list_below(l, &g);
	l->indent.len = len;
	l->indent.data[len] = '\0';
}

static void list_below(struct listing *l, const struct cgroup *g)
{
	_strv_ struct strv names = { 0 };

	if (cgroup_children(g, l->hierarchies, &names) < 0)
		die("list groups below '%s'", g->path);
	if (tree && processes)
		add_processes(l, g, !names.n);
	for (size_t i = 0; i < names.n; i++)
		add_group(l, g, names.v[i], i + 1 == names.n);
}

int cgctl_ls(int argc, char **argv)
{
	const struct usage u = { "[-R] [-T [-p] | --json | -0] [-c NAME]... [GROUP]",
				 "List the groups below one, all there are by default.", opts, 0,
				 NULL };
	struct cgroup_layout layout;
	struct listing l = { .layout = &layout };
	_cgroup_ struct cgroup g = CGROUP_NONE;
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 0, 1);
	if (tree + json + nul > 1)
		opt_misuse("--tree, --json and --null exclude one another");
	if (processes && !tree)
		opt_misuse("--processes needs --tree");
	xlayout_open(&layout);
	xgroup_open(&g, &layout, at < argc ? argv[at] : "/");
	l.hierarchies = chosen(&layout);
	if (tree)
		buf_addf(&l.out, "%s\n", *g.path ? g.path : "/");
	list_below(&l, &g);
	xgroup_print(&l.out);
	buf_free(&l.out);
	buf_free(&l.indent);
	cgroup_layout_close(&layout);
	return 0;
}
