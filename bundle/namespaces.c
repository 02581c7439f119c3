/* namespaces.c - linux.namespaces from --netns, --pid, --ipc, --uts, --userns and --cgroupns. */
#include "bundle/config.h"
#include "lib/opt.h"

static struct json *find_namespace(const struct json *namespaces, const char *type)
{
	for (struct json *n = namespaces ? namespaces->child : NULL; n; n = n->next) {
		const char *t = json_get_str(n, "type");

		if (t && str_eq(t, type))
			return n;
	}
	return NULL;
}

bool config_has_namespace(const struct json *config, const char *type)
{
	return find_namespace(json_find(config, "linux.namespaces"), type);
}

struct mode {
	const char *option, *type;
	const char *own; /* words for "a new one", blanks between */
};

static const struct mode net_mode = { "--netns", "network", "none new private" };
static const struct mode pid_mode = { "--pid", "pid", "private" };
static const struct mode ipc_mode = { "--ipc", "ipc", "private shareable none" };
static const struct mode uts_mode = { "--uts", "uts", "private" };
static const struct mode user_mode = { "--userns", "user", "" };
static const struct mode cgroup_mode = { "--cgroupns", "cgroup", "private" };

static bool is_word(const char *words, const char *s)
{
	_strv_ struct strv l = { 0 };

	strv_split(&l, words, ' ');
	return *s && strv_index(l.v, s) >= 0;
}

static void set_namespace(struct json *config, const struct mode *m, const char *value)
{
	struct json *namespaces = tree_array(tree_obj(config, "linux"), "namespaces");
	struct json *n = find_namespace(namespaces, m->type);

	if (!value)
		return;
	if (str_eq(value, "host")) {
		if (n)
			json_remove(namespaces, n);
		return;
	}
	if (*value != '/' && !is_word(m->own, value))
		opt_misuse("invalid %s '%s'", m->option, value);
	if (!n) {
		n = json_append(namespaces, json_new(JSON_OBJECT));
		tree_set_str(n, "type", m->type);
	}
	if (*value == '/')
		tree_set_str(n, "path", value);
	else
		tree_drop(n, "path");
}

/* Docker's two, so that a container may ping and bind low ports without capabilities. */
static void default_net_sysctls(struct json *config)
{
	struct json *sysctl = tree_obj(tree_obj(config, "linux"), "sysctl");

	if (!json_get(sysctl, "net.ipv4.ip_unprivileged_port_start"))
		tree_set_str(sysctl, "net.ipv4.ip_unprivileged_port_start", "0");
	if (!json_get(sysctl, "net.ipv4.ping_group_range"))
		tree_set_str(sysctl, "net.ipv4.ping_group_range", "0 2147483647");
}

/* In a user namespace of the container's own the whole range need not be mapped, and the host's is
 * not ours to set. */
static void follow_net(struct json *config)
{
	struct json *sysctl = tree_obj(tree_obj(config, "linux"), "sysctl");

	if (config_has_namespace(config, "network") && !config_has_namespace(config, "user")) {
		default_net_sysctls(config);
		return;
	}
	for (struct json *s = sysctl->child; s;) {
		struct json *next = s->next;

		if (str_starts(s->key, "net."))
			json_remove(sysctl, s);
		s = next;
	}
}

void apply_namespaces(struct json *config, const struct request *r)
{
	set_namespace(config, &net_mode, r->netns);
	set_namespace(config, &pid_mode, r->pid);
	set_namespace(config, &ipc_mode, r->ipc);
	set_namespace(config, &uts_mode, r->uts);
	set_namespace(config, &user_mode, r->userns);
	set_namespace(config, &cgroup_mode, r->cgroupns);
	if (r->netns || r->userns || !json_find(config, "linux.sysctl"))
		follow_net(config);
}
