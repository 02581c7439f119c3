#include "imgunpack/archive_write.h"
#include "imgunpack/imgctl.h"
#include "imgunpack/transport.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"

static const char *output, *platform_name;

static const struct opt opts[] = {
	{ 'o', "output", OPT_STR, &output, "FILE", "write there, not to standard output" },
	{ 0, "platform", OPT_STR, &platform_name, "OS/ARCH[/VARIANT]",
	  "of images for several, save this platform's" },
	{ 0 },
};

static void load(const char *text, const struct platform *want, struct saved *s)
{
	struct layout_name name;
	char why[LAYOUT_WHY_MAX];
	int lock; /* until the end */

	if (layout_name_parse(text, &name))
		opt_misuse("malformed image '%s', want LAYOUT[:TAG|@DIGEST]", text);
	s->layout_dirfd = xtransport_open(name.dir, &lock);
	if (layout_load(s->layout_dirfd, &name, want, &s->image, why))
		diex("%s", why);
	s->name = xtransport_tag(s->layout_dirfd, &name);
	layout_name_free(&name);
}

int ctl_save(int argc, char **argv)
{
	const struct usage u = { "[-o FILE] [--platform OS/ARCH] LAYOUT[:TAG|@DIGEST]...",
				 "Write images as one archive that docker and others load.", opts,
				 0, NULL };
	int first = opt_parse(argc, argv, &u);
	size_t n = (size_t)(argc - first);
	struct platform want;
	struct saved *v;

	opt_operands(argc - first, 1, -1);
	if (platform_name && platform_parse(platform_name, &want))
		opt_misuse("malformed platform '%s', want OS/ARCH[/VARIANT]", platform_name);
	v = xcalloc(n, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		load(argv[(size_t)first + i], platform_name ? &want : NULL, &v[i]);
	archive_write(output, v, n);
	for (size_t i = 0; i < n; i++) {
		layout_image_free(&v[i].image);
		free(v[i].name);
	}
	free(v);
	return 0;
}
