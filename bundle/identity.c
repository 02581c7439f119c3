/* identity.c - host name, kernel parameters, annotations, hooks. */
#include <fcntl.h>
#include <limits.h>

#include "bundle/config.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/proc.h"

static void set_hostname(struct json *config, const char *name)
{
	_free_ char *variable = xasprintf("HOSTNAME=%s", name);

	if (!*name || strlen(name) > 64 || strpbrk(name, " \t\r\n/"))
		opt_misuse("invalid hostname '%s'", name);
	tree_set_str(config, "hostname", name);
	tree_setenv(config, variable);
}

/* KEY=VALUE into a map of strings. */
static void set_pair(struct json *map, const char *option, const char *text, bool value_needed)
{
	const char *equals = strchr(text, '=');
	_free_ char *key = xmemdup0(text, equals ? (size_t)(equals - text) : strlen(text));

	if (!*key || (value_needed && !equals))
		opt_misuse("invalid %s '%s': KEY=VALUE wanted", option, text);
	tree_set_str(map, key, equals ? equals + 1 : "");
}

static void read_label_file(struct json *annotations, const char *name)
{
	_buf_ struct buf b = { 0 };
	_strv_ struct strv lines = { 0 };

	if (file_read(AT_FDCWD, name, ENV_FILE_MAX, &b))
		die("read '%s'", name);
	strv_split(&lines, buf_str(&b), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i] + strspn(lines.v[i], " \t\r");

		if (*line && *line != '#')
			set_pair(annotations, "label", line, false);
	}
}

static void apply_annotations(struct json *config, const struct request *r)
{
	struct json *map;

	if (!r->annotation.n && !r->label.n && !r->label_file.n && !r->stop_signal)
		return;
	map = tree_obj(config, "annotations");
	for (size_t i = 0; i < r->label_file.n; i++)
		read_label_file(map, r->label_file.v[i]);
	for (size_t i = 0; i < r->label.n; i++)
		set_pair(map, "--label", r->label.v[i], false);
	for (size_t i = 0; i < r->annotation.n; i++)
		set_pair(map, "--annotation", r->annotation.v[i], true);
	if (r->stop_signal && proc_signal_number(r->stop_signal) < 0)
		opt_misuse("invalid signal '%s'", r->stop_signal);
	if (r->stop_signal)
		tree_set_str(map, "org.opencontainers.image.stopSignal", r->stop_signal);
}

static void apply_sysctl(struct json *config, const struct request *r)
{
	struct json *map = tree_obj(tree_obj(config, "linux"), "sysctl");

	for (size_t i = 0; i < r->sysctl.n; i++) {
		/* apply_namespaces has not run yet: what was asked for decides, not what there is.
		 */
		if (str_starts(r->sysctl.v[i], "net.") && r->netns && str_eq(r->netns, "host"))
			opt_misuse("sysctl '%s' is not allowed in the host's network",
				   r->sysctl.v[i]);
		set_pair(map, "--sysctl", r->sysctl.v[i], true);
	}
	if (r->domainname)
		tree_set_str(map, "kernel.domainname", r->domainname);
}

static bool is_stage(const char *s)
{
	static const char *const stages[] = { "prestart",	"createRuntime", "createContainer",
					      "startContainer", "poststart",	 "poststop" };

	for (size_t i = 0; i < ARRAY_LEN(stages); i++)
		if (str_eq(stages[i], s))
			return true;
	return false;
}

static void add_hook(struct json *config, const char *text)
{
	const char *equals = strchr(text, '=');
	_free_ char *stage = xmemdup0(text, equals ? (size_t)(equals - text) : 0);
	_strv_ struct strv args = { 0 };
	struct json *hook;

	if (!equals || !is_stage(stage) || equals[1] != '/')
		opt_misuse("invalid --hook '%s': STAGE=/PATH[,ARG]... wanted", text);
	strv_split(&args, equals + 1, ',');
	hook = json_append(tree_array(tree_obj(config, "hooks"), stage), json_new(JSON_OBJECT));
	tree_set_str(hook, "path", args.v[0]);
	json_set(hook, "args", tree_new_strv(args.v));
}

void apply_identity(struct json *config, const struct request *r)
{
	bool host_uts = r->uts && str_eq(r->uts, "host");

	if (host_uts && (r->hostname || r->domainname))
		opt_misuse("--hostname and --domainname need a UTS namespace of their own");
	if (host_uts)
		tree_drop(config, "hostname");
	if (r->hostname)
		set_hostname(config, r->hostname);
	if (r->sysctl.n || r->domainname)
		apply_sysctl(config, r);
	apply_annotations(config, r);
	for (size_t i = 0; i < r->hook.n; i++)
		add_hook(config, r->hook.v[i]);
	if (r->cgroups_path)
		tree_set_str(tree_obj(config, "linux"), "cgroupsPath", r->cgroups_path);
}
