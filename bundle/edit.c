/* bundle edit - apply options to a config.json, leaving the rest of it alone. */
#include "bundle/config.h"
#include "bundle/verbs.h"
#include "lib/die.h"
#include "lib/mem.h"

/* What process.user says, as --user would have said it. */
static const char *current_user(const struct json *config, char **owned)
{
	const struct json *uid = json_find(config, "process.user.uid"),
			  *gid = json_find(config, "process.user.gid");

	*owned = xasprintf("%s:%s", uid && uid->type == JSON_NUMBER ? uid->text : "0",
			   gid && gid->type == JSON_NUMBER ? gid->text : "0");
	return *owned;
}

int bundle_edit(int argc, char **argv)
{
	const struct request *r = request_parse(argc, argv,
						"[OPTION]... [--] [COMMAND [ARG]...] <CONFIG",
						"Apply options to a config.json.");
	_json_ struct json *config = config_read(STDIN_FILENO, "standard input", CONFIG_MAX);
	_free_ char *owned = NULL;
	const struct strv none = { 0 };

	if (config->type != JSON_OBJECT)
		diex("standard input: not a JSON object");
	if (r->rootfs)
		tree_set_str(tree_obj(config, "root"), "path", r->rootfs);
	apply_command(config, r);
	apply_all(config, r, &none, false);
	if (r->user || r->group_add.n)
		apply_user(config, r, r->user ? r->user : current_user(config, &owned));
	if (!r->process_only) {
		config_print(config);
		return 0;
	}
	/* A second process has a terminal only if it asks for one, whatever the first one has. */
	json_set(tree_obj(config, "process"), "terminal", json_new_bool(r->terminal));
	config_print(json_get(config, "process"));
	return 0;
}
