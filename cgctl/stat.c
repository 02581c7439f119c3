/* cgctl stat - print what groups have used. */
#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/cgroup_stat.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/opt.h"

static bool json;

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json, NULL, "print one JSON object a group, one a line" },
	{ 0 },
};

static void print_json(struct buf *out, const char *group, const struct cgroup_stat *s)
{
	struct emit e = { .out = out };

	emit_object(&e, NULL);
	emit_str(&e, "group", group);
	for (size_t i = 0; i < s->n; i++) {
		/* No limit is no number; JSON readers would round UINT64_MAX anyway. */
		if (s->v[i].value == UINT64_MAX)
			emit_str(&e, s->v[i].name, "max");
		else
			emit_u64(&e, s->v[i].name, s->v[i].value);
	}
	emit_end(&e);
	buf_addc(out, '\n');
}

static void print_lines(struct buf *out, const char *group, const struct cgroup_stat *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (group)
			buf_addf(out, "%s\t", group);
		if (s->v[i].value == UINT64_MAX)
			buf_addf(out, "%s=max\n", s->v[i].name);
		else
			buf_addf(out, "%s=%llu\n", s->v[i].name, (unsigned long long)s->v[i].value);
	}
}

int cgctl_stat(int argc, char **argv)
{
	const struct usage u = { "[--json] GROUP...", "Print what groups have used.", opts, 0,
				 NULL };
	struct cgroup_layout layout;
	_buf_ struct buf out = { 0 };
	int at = opt_parse(argc, argv, &u);
	bool many = argc - at > 1;

	opt_operands(argc - at, 1, -1);
	xlayout_open(&layout);
	for (; at < argc; at++) {
		_cgroup_ struct cgroup g = CGROUP_NONE;
		_cgroup_stat_ struct cgroup_stat s = { 0 };

		xgroup_open(&g, &layout, argv[at]);
		if (cgroup_stat_read(&g, &s) < 0)
			die("read statistics of group '%s'", argv[at]);
		if (json)
			print_json(&out, g.path, &s);
		else
			print_lines(&out, many ? g.path : NULL, &s);
	}
	xgroup_print(&out);
	cgroup_layout_close(&layout);
	return 0;
}
