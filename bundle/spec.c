/* bundle spec - print the configuration of a shell without an image. */
#include "bundle/config.h"
#include "bundle/verbs.h"

int bundle_spec(int argc, char **argv)
{
	const struct request *r = request_parse(
		argc, argv, "[OPTION]... [--] [COMMAND [ARG]...]",
		"Print a config.json to start from; the command is sh.");
	_json_ struct json *config = config_default();
	const struct strv none = { 0 };

	tree_set_str(tree_obj(config, "root"), "path", r->rootfs ? r->rootfs : "rootfs");
	json_append(tree_array(tree_obj(config, "process"), "args"), json_new_str("sh"));
	apply_command(config, r);
	apply_all(config, r, &none, true);
	apply_user(config, r, r->user ? r->user : "");
	config_print(config);
	return 0;
}
