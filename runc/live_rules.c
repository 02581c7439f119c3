#include "lib/cgroup_device.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/resources.h"
#include "lib/str.h"
#include "runc/group.h"
#include "runc/launch.h"
#include "runc/live.h"
#include "runc/runc.h"

/* NULL where no rules were given: everything is allowed then, and stays so. */
static struct json *rules_of(const struct json *tree)
{
	struct json *list = json_find(tree, "linux.resources.devices");

	return list && list->type == JSON_ARRAY && list->child ? list : NULL;
}

static struct json *rule_for(const struct json *device)
{
	static const char *const copied[] = { "type", "major", "minor" };
	const char *access = json_get_str(device, "access");
	struct json *rule = json_new(JSON_OBJECT);

	json_set(rule, "allow", json_new_bool(true));
	for (size_t i = 0; i < ARRAY_LEN(copied); i++) {
		const struct json *j = json_get(device, copied[i]);

		if (j)
			json_set(rule, copied[i], json_copy(j));
	}
	json_set(rule, "access", json_new_str(access ? access : "rwm"));
	return rule;
}

static bool same(const struct json *a, const struct json *b)
{
	static const char *const members[] = { "type", "major", "minor" };

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const struct json *x = json_get(a, members[i]), *y = json_get(b, members[i]);

		if (!x || !y || !x->text || !y->text || !str_eq(x->text, y->text))
			return false;
	}
	return true;
}

void live_allow(struct json *tree, const struct json *device)
{
	struct json *rules = rules_of(tree);

	if (rules)
		json_append(rules, rule_for(device));
}

void live_disallow(struct json *tree, const struct json *device)
{
	struct json *rules = rules_of(tree), *found = NULL;

	for (struct json *r = rules ? rules->child : NULL; r; r = r->next) {
		const struct json *allow = json_get(r, "allow");

		if (allow && allow->type == JSON_TRUE && same(r, device))
			found = r;
	}
	if (found)
		json_remove(rules, found);
}

void live_apply_rules(const struct container *c, const struct json *tree)
{
	const struct json *resources = json_find(tree, "linux.resources");
	struct cgroup_resources r = { 0 };
	_group_ struct group g = GROUP_NONE;
	_free_ struct cgroup_device_rule *all = NULL;
	_buf_ struct buf why = { 0 };
	char reason[DECODE_WHY_MAX];

	if (!rules_of(tree) || !c->cgroup)
		return;
	if (decode(&resources_schema, resources, "linux.resources", &r, reason))
		diex("%s", reason);
	xgroup_open(&g, c);
	all = launch_device_rules(&r);
	if (cgroup_set_devices(&g.cgroup, all, r.n_devices + device_defaults_n, &why) &&
	    !runc_globals.rootless)
		die("%s", buf_str(&why));
	decode_free(&resources_schema, &r);
}
