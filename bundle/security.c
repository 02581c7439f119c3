/* security.c - capabilities, seccomp, no-new-privileges, labels, masked paths. */
#include <strings.h>

#include "bundle/config.h"
#include "lib/cap.h"
#include "lib/mem.h"
#include "lib/opt.h"

static uint64_t caps_of_list(const struct strv *list, const char *option)
{
	uint64_t set = 0;

	for (size_t i = 0; i < list->n; i++) {
		int n = docker_cap_number(list->v[i]);

		if (!strcasecmp(list->v[i], "ALL"))
			set |= UINT64_C(1) << 63;
		else if (n < 0)
			opt_misuse("invalid %s: unknown capability '%s'", option, list->v[i]);
		else
			set |= UINT64_C(1) << n;
	}
	return set;
}

static uint64_t caps_of_config(const struct json *config)
{
	const struct json *bounding = json_find(config, "process.capabilities.bounding");
	uint64_t set = 0;

	for (const struct json *c = bounding ? bounding->child : NULL; c; c = c->next) {
		int n = c->type == JSON_STRING ? docker_cap_number(c->text) : -1;

		if (n >= 0)
			set |= UINT64_C(1) << n;
	}
	return set;
}

/* Docker's arithmetic: drops come before adds, "ALL" replaces the base. What we do not have
 * ourselves we cannot give, so "all" is what is permitted here. */
static uint64_t caps_wanted(const struct json *config, const struct request *r, bool fresh)
{
	const uint64_t all = UINT64_C(1) << 63;
	uint64_t add = caps_of_list(&r->cap_add, "--cap-add"),
		 drop = caps_of_list(&r->cap_drop, "--cap-drop");
	uint64_t base = fresh ? docker_caps_default() : caps_of_config(config);

	if (r->privileged)
		return caps_permitted();
	if (add & all)
		return caps_permitted() & ~drop;
	if (drop & all)
		return add;
	return (base & ~drop) | add;
}

static struct json *new_caps(uint64_t set)
{
	struct json *array = json_new(JSON_ARRAY);
	char name[CAPS_NAME_MAX];

	for (int i = 0; i < 63; i++)
		if (set & UINT64_C(1) << i && caps_name(i, name))
			json_append(array, json_new_str(name));
	return array;
}

static void set_caps(struct json *config, uint64_t set)
{
	struct json *caps = tree_obj(tree_obj(config, "process"), "capabilities");
	static const char *const sets[] = { "bounding", "effective", "permitted" };

	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		json_set(caps, sets[i], new_caps(set));
}

struct policy {
	struct json *config;
	uint64_t caps;
	bool seccomp_decided;
};

static void opt_seccomp(struct policy *p, const char *value)
{
	struct json *linux_ = tree_obj(p->config, "linux");

	p->seccomp_decided = true;
	if (str_eq(value, "unconfined"))
		tree_drop(linux_, "seccomp");
	else if (str_eq(value, "default") || str_eq(value, "builtin"))
		json_set(linux_, "seccomp", seccomp_resolve(NULL, p->caps));
	else
		json_set(linux_, "seccomp", seccomp_resolve(value, p->caps));
}

static void opt_no_new_privileges(struct policy *p, const char *value)
{
	if (!str_eq(value, "") && !str_eq(value, "true") && !str_eq(value, "false"))
		opt_misuse("invalid no-new-privileges '%s'", value);
	json_set(tree_obj(p->config, "process"), "noNewPrivileges",
		 json_new_bool(!str_eq(value, "false")));
}

static void opt_apparmor(struct policy *p, const char *value)
{
	if (str_eq(value, "unconfined"))
		tree_drop(tree_obj(p->config, "process"), "apparmorProfile");
	else
		tree_set_str(tree_obj(p->config, "process"), "apparmorProfile", value);
}

/* label=PART:VALUE changes one part of the usual context user:role:type:level. */
static void opt_label(struct policy *p, const char *value)
{
	static const char *const parts[] = { "user:", "role:", "type:", "level:" };
	struct json *process = tree_obj(p->config, "process");
	const char *now = json_get_str(process, "selinuxLabel");
	_strv_ struct strv field = { 0 };

	if (str_eq(value, "disable")) {
		tree_drop(process, "selinuxLabel");
		return;
	}
	strv_split(&field, now ? now : "system_u:system_r:container_t:s0", ':');
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *part = str_after(value, parts[i]);

		if (part && field.n > i) {
			free(field.v[i]);
			field.v[i] = xstrdup(part);
			/* A level may hold colons of its own: what stood behind the fourth is part
			 * of the old one. */
			tree_set_str(process, "selinuxLabel", "");
			free(json_get(process, "selinuxLabel")->text);
			json_get(process, "selinuxLabel")->text = xasprintf(
				"%s:%s:%s:%s", field.v[0], field.v[1], field.v[2], field.v[3]);
			return;
		}
	}
	opt_misuse("invalid label '%s': disable, user:, role:, type: or level: wanted", value);
}

static void opt_systempaths(struct policy *p, const char *value)
{
	if (!str_eq(value, "unconfined"))
		opt_misuse("invalid systempaths '%s': unconfined wanted", value);
	tree_drop(tree_obj(p->config, "linux"), "maskedPaths");
	tree_drop(tree_obj(p->config, "linux"), "readonlyPaths");
}

static const struct security_opt {
	const char *name;
	void (*apply)(struct policy *p, const char *value);
	bool value_needed;
} security_opts[] = {
	{ "seccomp", opt_seccomp, true },
	{ "no-new-privileges", opt_no_new_privileges, false },
	{ "apparmor", opt_apparmor, true },
	{ "label", opt_label, true },
	{ "systempaths", opt_systempaths, true },
};

static void apply_option(struct policy *p, const char *text)
{
	size_t len = strcspn(text, "=:");
	const char *value = text[len] ? text + len + 1 : "";

	for (size_t i = 0; i < ARRAY_LEN(security_opts); i++) {
		const struct security_opt *o = &security_opts[i];

		if (strlen(o->name) != len || memcmp(o->name, text, len))
			continue;
		if (o->value_needed && !*value)
			opt_misuse("--security-opt %s needs a value", o->name);
		o->apply(p, value);
		return;
	}
	opt_misuse("invalid --security-opt '%s'", text);
}

void apply_security(struct json *config, const struct request *r, bool fresh)
{
	struct policy p = { .config = config };
	bool caps_change = fresh || r->privileged || r->cap_add.n || r->cap_drop.n;

	if (caps_change)
		set_caps(config, caps_wanted(config, r, fresh));
	p.caps = caps_of_config(config);
	if (r->privileged) {
		opt_systempaths(&p, "unconfined");
		opt_seccomp(&p, "unconfined");
		opt_apparmor(&p, "unconfined");
	}
	for (size_t i = 0; i < r->security_opt.n; i++)
		apply_option(&p, r->security_opt.v[i]);
	if (fresh && !p.seccomp_decided)
		opt_seccomp(&p, "default");
}
