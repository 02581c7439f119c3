/* bundle create - image configuration and options to config.json. */
#include <fcntl.h>

#include "bundle/config.h"
#include "bundle/verbs.h"
#include "lib/die.h"

static struct json *read_image(const struct request *r)
{
	_close_ int fd = -1;

	if (r->no_image)
		return NULL;
	if (!r->image_file)
		return config_read(STDIN_FILENO, "standard input", IMAGE_MAX);
	fd = open(r->image_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("open '%s'", r->image_file);
	return config_read(fd, r->image_file, IMAGE_MAX);
}

/* The image's user unless --user names one. */
static const char *wanted_user(const struct request *r, const struct json *image)
{
	const char *user = r->user ? r->user : json_get_str(json_get(image, "config"), "User");

	return user ? user : "";
}

int bundle_create(int argc, char **argv)
{
	const struct request *r = request_parse(
		argc, argv, "[OPTION]... [--] [COMMAND [ARG]...] <IMAGE-CONFIG",
		"Print the config.json of a container of an image.");
	_json_ struct json *image = read_image(r);
	_json_ struct json *config = config_default();
	_strv_ struct strv volumes = { 0 };

	tree_set_str(tree_obj(config, "root"), "path", r->rootfs ? r->rootfs : "rootfs");
	apply_image(config, r, image);
	image_volumes(image, &volumes);
	apply_all(config, r, &volumes, true);
	apply_user(config, r, wanted_user(r, image));
	if (!json_find(config, "process.args.0"))
		diex("no command: the image has none, so name one");
	config_print(config);
	return 0;
}
