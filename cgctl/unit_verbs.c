#include <string.h>

#include "cgctl/unit_verbs.h"
#include "lib/cgroup.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "lib/resources.h"

enum { JSON_MAX = 4 << 20 };

void unit_die(const struct buf *why)
{
	/* What systemd said is all there is to say: errno is a guess at it. */
	diex("%s", buf_str(why));
}

void xunit_name(struct unit_name *n, struct unit_options *o)
{
	_buf_ struct buf why = { 0 };

	if (!o->path)
		opt_misuse("--path is needed");
	o->user |= geteuid() != 0;
	if (unit_name_parse(n, o->path, o->user, &why) < 0)
		die_with(2, "%s", buf_str(&why));
}

struct unit_bus *xunit_bus(const struct unit_options *o)
{
	_buf_ struct buf why = { 0 };
	struct unit_bus *b;

	if (!o->user && access("/run/systemd/system", F_OK) < 0)
		diex("connect to systemd: it does not run here ('/run/systemd/system' is missing)");
	b = unit_bus_open(o->user, o->timeout_s, &why);
	if (!b)
		die("%s", buf_str(&why));
	return b;
}

/* Which of the two sets of properties this host's systemd acts on. */
static bool host_is_v2(void)
{
	struct cgroup_layout l;
	bool v2;

	if (cgroup_layout_open(&l, NULL) < 0)
		return true;
	v2 = cgroup_is_unified(&l);
	cgroup_layout_close(&l);
	return v2;
}

void xunit_resources(struct unit_props *p, bool update)
{
	_buf_ struct buf text = { 0 }, why = { 0 };
	_json_ struct json *tree = NULL;
	struct cgroup_resources r = { 0 };
	char bad_json[JSON_WHY_MAX], bad_member[DECODE_WHY_MAX];

	if (io_read_all(STDIN_FILENO, JSON_MAX, &text) < 0)
		die("read standard input");
	if (strspn(buf_str(&text), " \t\r\n") == text.len)
		return;
	tree = json_parse(buf_str(&text), text.len, 0, bad_json);
	if (!tree)
		diex("parse standard input: %s", bad_json);
	if (decode(&resources_schema, tree, "", &r, bad_member) < 0)
		diex("decode standard input: %s", bad_member);
	if (unit_props_resources(p, &r, host_is_v2(), update, &why) < 0)
		diex("resources: %s", buf_str(&why));
	decode_free(&resources_schema, &r);
}

void unit_print(const struct unit_props *p)
{
	_buf_ struct buf out = { 0 };

	for (size_t i = 0; i < p->n; i++) {
		buf_addf(&out, "%s=%s", p->v[i].name, p->v[i].sig);
		for (size_t k = 0; k < p->v[i].v.n; k++)
			buf_addf(&out, " %s", p->v[i].v.v[k]);
		buf_addc(&out, '\n');
	}
	if (out.len && io_write(STDOUT_FILENO, out.data, out.len) < 0)
		die("write standard output");
}
