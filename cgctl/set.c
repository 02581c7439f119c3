/* cgctl set - set limits of a group, in v2's words or as OCI resources. */
#include <string.h>

#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "lib/resources.h"

enum { JSON_MAX = 4 << 20 };

static bool oci, dry_run;

static const struct opt opts[] = { { 0, "oci", OPT_FLAG, &oci, NULL,
				     "read OCI linux.resources as JSON from standard input" },
				   { 'n', "dry-run", OPT_FLAG, &dry_run, NULL,
				     "print the writes instead; device rules are left out" },
				   { 0 } };

static void read_resources(struct cgroup_resources *r)
{
	_buf_ struct buf text = { 0 };
	_json_ struct json *tree = NULL;
	char bad_json[JSON_WHY_MAX], bad_member[DECODE_WHY_MAX];

	if (io_read_all(STDIN_FILENO, JSON_MAX, &text) < 0)
		die("read standard input");
	tree = json_parse(buf_str(&text), text.len, 0, bad_json);
	if (!tree)
		diex("parse standard input: %s", bad_json);
	if (decode(&resources_schema, tree, "", r, bad_member) < 0)
		diex("decode standard input: %s", bad_member);
}

static void print_plan(const struct cgroup_plan *plan, const struct cgroup *g)
{
	_buf_ struct buf out = { 0 };

	for (size_t i = 0; i < plan->n; i++) {
		const struct cgroup_step *s = &plan->step[i];
		int h = cgroup_hierarchy_of(g->layout, s->controller);
		const char *name = h < 0 ? "-" : g->layout->at[h].name;

		buf_addf(&out, "%s\t%s\t%s\n", *name ? name : ".", s->file, s->value);
	}
	xgroup_print(&out);
}

static void set_oci(const struct cgroup *g)
{
	_cgroup_plan_ struct cgroup_plan plan = { 0 };
	_buf_ struct buf why = { 0 };
	struct cgroup_resources r = { 0 };

	read_resources(&r);
	if (!dry_run && cgroup_apply(g, &r, 0, &why) < 0)
		die("group '%s': %s", g->path, buf_str(&why));
	if (dry_run && cgroup_plan_resources(&plan, g, &r, &why) < 0)
		die("group '%s': %s", g->path, buf_str(&why));
	print_plan(&plan, g);
	decode_free(&resources_schema, &r);
}

static void set_words(const struct cgroup *g, const struct cgroup_setting *word, size_t n)
{
	_cgroup_plan_ struct cgroup_plan plan = { 0 };
	_buf_ struct buf why = { 0 };

	if (cgroup_plan_words(&plan, g, word, n, &why) < 0)
		die("group '%s': %s", g->path, buf_str(&why));
	if (dry_run)
		print_plan(&plan, g);
	else if (cgroup_plan_run(&plan, g, &why) < 0)
		die("group '%s': %s", g->path, buf_str(&why));
}

int cgctl_set(int argc, char **argv)
{
	const struct usage u = { "[-n] [--oci] GROUP [KEY=VALUE]...",
				 "Set limits of a group, named as on cgroup v2.", opts, 0, NULL };
	struct cgroup_layout layout;
	_cgroup_ struct cgroup g = CGROUP_NONE;
	_free_ struct cgroup_setting *word = NULL;
	int at = opt_parse(argc, argv, &u);
	size_t n;

	opt_operands(argc - at, oci ? 1 : 2, -1);
	n = (size_t)(argc - at - 1);
	word = group_words(argv + at + 1, n);
	xlayout_open(&layout);
	xgroup_open(&g, &layout, argv[at]);
	if (oci)
		set_oci(&g);
	set_words(&g, word, n);
	cgroup_layout_close(&layout);
	return 0;
}
