/* mounts - add mounts to a running container, and remove them. */
#include <fcntl.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/str.h"
#include "runc/live.h"
#include "runc/runc.h"

enum { FILE_MAX_BYTES = 1 << 20 };

static const struct opt opts[] = { { 0 } };

static const struct usage usage = {
	.synopsis = "add|remove ID FILE",
	.purpose = "Add the mounts of FILE, a list as in config.json, or remove them.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

static struct json *read_list(const char *file)
{
	_close_ int opened = str_eq(file, "-") ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	_buf_ struct buf text = { 0 };
	char why[JSON_WHY_MAX];
	struct json *list;

	if (opened < 0 && !str_eq(file, "-"))
		die("open '%s'", file);
	if (io_read_all(opened < 0 ? STDIN_FILENO : opened, FILE_MAX_BYTES, &text))
		die("read '%s'", file);
	list = json_parse(buf_str(&text), text.len, JSON_LAST_WINS, why);
	if (!list)
		diex("'%s': %s", file, why);
	if (list->type != JSON_ARRAY)
		diex("'%s': array wanted, %s found", file, json_type_name(list->type));
	return list;
}

int verb_mounts(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_spec_ struct spec spec = { 0 };
	_json_ struct json *list = NULL;
	char why[DECODE_WHY_MAX];

	argv += runc_parse(argc, argv, &usage, 3, 3);
	if (!str_eq(argv[0], "add") && !str_eq(argv[0], "remove"))
		opt_misuse("'%s' is neither add nor remove", argv[0]);
	xcontainer_load(&c, argv[1], true);
	list = read_list(argv[2]);
	if (container_spec(&c, &spec, why))
		diex("config.json of container '%s': %s", c.id, why);
	if (str_eq(argv[0], "add"))
		live_add(&c, &spec, list, NULL);
	else
		live_remove(&c, &spec, list, NULL);
	container_save_spec(&c, &spec);
	return 0;
}
