/* cgctl apply - make groups, and set their limits, as a file says.
 *
 * Everything that can be judged beforehand is, so that a bad line changes nothing. What is there
 * already is left: doing it twice is doing it once.
 */
#include <fcntl.h>
#include <string.h>

#include "cgctl/group.h"
#include "cgctl/tree.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"

enum { TREE_MAX = 16 << 20 };

static bool dry_run;

static const struct opt opts[] = {
	{ 'n', "dry-run", OPT_FLAG, &dry_run, NULL, "check the file, change nothing" },
	{ 0 },
};

static void read_tree(struct tree *t, const char *file)
{
	bool is_stdin = !file || !strcmp(file, "-");
	_close_ int fd = is_stdin ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	_buf_ struct buf text = { 0 }, why = { 0 };

	if (!is_stdin && fd < 0)
		die("open '%s'", file);
	if (io_read_all(is_stdin ? STDIN_FILENO : fd, TREE_MAX, &text) < 0)
		die("read '%s'", is_stdin ? "standard input" : file);
	if (strlen(buf_str(&text)) != text.len)
		diex("read '%s': it has a NUL byte", is_stdin ? "standard input" : file);
	buf_addc(&text, '\n');
	if (tree_parse(t, buf_steal(&text), &why) < 0)
		diex("%s", buf_str(&why));
}

/* Names and keys, against what this host has. */
static void check(const struct cgroup_layout *l, const struct tree_group *t)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;

	if (cgroup_open(&g, l, t->path) < 0 && errno == EINVAL)
		diex("'%s' is no name of a group", t->path);
	if (t->has_owner && l->unified < 0)
		diex("group '%s': an owner needs cgroup v2", t->path);
	for (size_t i = 0; i < t->n; i++) {
		const char *key = t->word[i].key;
		int c = cgroup_controller_of(key, strcspn(key, "."));

		if (!strncmp(key, "cgroup.", 7))
			c = CGROUP_CORE;
		if (c < 0 || !cgroup_is_limit(key))
			diex("group '%s': no such limit '%s'", t->path, key);
		if (cgroup_hierarchy_of(l, (enum cgroup_controller)c) < 0)
			diex("group '%s': set '%s': no hierarchy has its controller", t->path, key);
	}
}

/* That has to be known when the group is made: the one above must then hand down less. */
static bool is_threaded(const struct tree_group *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!strcmp(t->word[i].key, "cgroup.type") && !strcmp(t->word[i].value, "threaded"))
			return true;
	}
	return false;
}

static int apply(const struct cgroup_layout *l, const struct tree_group *t, struct buf *why)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;
	_cgroup_plan_ struct cgroup_plan plan = { 0 };

	if ((is_threaded(t) ? cgroup_create_threaded : cgroup_create)(&g, l, t->path, false) < 0) {
		buf_adds(why, "make it");
		return -1;
	}
	if (cgroup_plan_words(&plan, &g, t->word, t->n, why) < 0 ||
	    cgroup_plan_run(&plan, &g, why) < 0)
		return -1;
	if (!t->has_owner || cgroup_delegate(&g, t->uid, t->gid) == 0)
		return 0;
	buf_adds(why, "delegate it");
	return -1;
}

/* A group may have to wait for one further down the file: v1 takes no CPU from a parent before its
 * children have given it back. So what fails has a second chance. */
static void apply_all(const struct cgroup_layout *l, const struct tree *t)
{
	_free_ bool *again = xcalloc(t->n + 1, sizeof(*again));

	for (size_t i = 0; i < t->n; i++) {
		_buf_ struct buf why = { 0 };

		again[i] = apply(l, &t->group[i], &why) < 0;
	}
	for (size_t i = 0; i < t->n; i++) {
		_buf_ struct buf why = { 0 };

		if (again[i] && apply(l, &t->group[i], &why) < 0)
			die("group '%s': %s", t->group[i].path, buf_str(&why));
	}
}

int cgctl_apply(int argc, char **argv)
{
	const struct usage u = {
		"[-n] [FILE]", "Make groups, and set their limits, as FILE or standard input says.",
		opts, 0, NULL
	};
	struct cgroup_layout layout;
	_tree_ struct tree t = { 0 };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 0, 1);
	read_tree(&t, argv[at]);
	xlayout_open(&layout);
	for (size_t i = 0; i < t.n; i++)
		check(&layout, &t.group[i]);
	if (!dry_run)
		apply_all(&layout, &t);
	cgroup_layout_close(&layout);
	return 0;
}
