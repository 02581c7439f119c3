#include "imgunpack/imgctl.h"
#include "lib/die.h"
#include "lib/opt.h"

static const char *layers;

static const struct opt opts[] = {
	{ 0, "layers", OPT_STR, &layers, "STORE",
	  "and unpacked layers in STORE that no image of these layouts uses and nothing mounts" },
	{ 0 },
};

/* Blobs go with the last image that used them; while somebody pulls or unpacks here they wait for
 * the next rm or gc. */
static void remove_image(const char *text, struct strv *layouts)
{
	struct layout_name name;
	char why[LAYOUT_WHY_MAX];
	_close_ int dirfd = xctl_open_name(text, &name);

	if (!name.tag && !*name.digest.text)
		opt_misuse("which image of '%s'? want LAYOUT:TAG or LAYOUT@DIGEST", text);
	if (layout_untag(dirfd, &name, why) < 0)
		diex("%s", why);
	xsweep(dirfd, true, false);
	if (strv_index(layouts->v, name.dir) < 0)
		strv_add(layouts, name.dir);
	layout_name_free(&name);
}

int ctl_rm(int argc, char **argv)
{
	const struct usage u = { "[--layers STORE] LAYOUT:TAG|LAYOUT@DIGEST...",
				 "Remove images and the blobs only they used.", opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	_strv_ struct strv layouts = { 0 };

	opt_operands(argc - first, 1, -1);
	for (int i = first; i < argc; i++)
		remove_image(argv[i], &layouts);
	if (layers)
		ctl_collect_layers(layouts.v, layers, true, false);
	return 0;
}
