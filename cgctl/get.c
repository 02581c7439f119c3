/* cgctl get - print limits of a group in v2's words. */
#include <string.h>

#include "cgctl/group.h"
#include "cgctl/keys.h"
#include "cgctl/verbs.h"
#include "lib/cgroup_res.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/opt.h"

static bool json;

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json, NULL, "print one JSON object" },
	{ 0 },
};

/* One "key=line" a line, as `set` takes them. */
static void add_lines(struct buf *out, const char *key, const char *value)
{
	while (*value) {
		int len = (int)strcspn(value, "\n");

		buf_addf(out, "%s=%.*s\n", key, len, value);
		value += len + (value[len] != '\0');
	}
}

static void get_all(const struct cgroup *g, struct buf *out)
{
	struct emit e = { .out = out };

	if (json)
		emit_object(&e, NULL);
	for (size_t i = 0; i < group_keys_n; i++) {
		_buf_ struct buf value = { 0 };

		if (!group_key_get(g, &group_keys[i], &value))
			continue;
		if (json)
			emit_str(&e, group_keys[i].name, buf_str(&value));
		else
			add_lines(out, group_keys[i].name, buf_str(&value));
	}
	if (json)
		emit_end(&e);
}

static void get_some(const struct cgroup *g, char **key, int n, struct buf *out)
{
	struct emit e = { .out = out };

	if (json)
		emit_object(&e, NULL);
	for (int i = 0; i < n; i++) {
		_buf_ struct buf value = { 0 };

		if (cgroup_get_word(g, key[i], &value) < 0)
			die("get '%s' of group '%s'", key[i], g->path);
		if (json)
			emit_str(&e, key[i], buf_str(&value));
		else
			buf_addf(out, "%s\n", buf_str(&value));
	}
	if (json)
		emit_end(&e);
}

int cgctl_get(int argc, char **argv)
{
	const struct usage u = { "[--json] GROUP [KEY]...",
				 "Print limits of a group, named as on cgroup v2.", opts, 0, NULL };
	struct cgroup_layout layout;
	_cgroup_ struct cgroup g = CGROUP_NONE;
	_buf_ struct buf out = { 0 };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 1, -1);
	xlayout_open(&layout);
	xgroup_open(&g, &layout, argv[at]);
	if (argc - at == 1)
		get_all(&g, &out);
	else
		get_some(&g, argv + at + 1, argc - at - 1, &out);
	if (json)
		buf_addc(&out, '\n');
	xgroup_print(&out);
	cgroup_layout_close(&layout);
	return 0;
}
