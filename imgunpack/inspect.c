#include "imgunpack/imgctl.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"

static bool manifest, index_json;
static const char *platform_name;

static const struct opt opts[] = {
	{ 0, "manifest", OPT_FLAG, &manifest, NULL, "print the manifest" },
	{ 0, "index", OPT_FLAG, &index_json, NULL, "print the layout's index.json" },
	{ 0, "platform", OPT_STR, &platform_name, "OS/ARCH[/VARIANT]",
	  "of the image for this platform" },
	{ 0 },
};

/* The very bytes, so that they have the digest they are known by; a terminal gets a line end, too.
 */
static void print(const struct buf *b)
{
	if (io_write(STDOUT_FILENO, buf_str(b), b->len) ||
	    (isatty(STDOUT_FILENO) && io_puts(STDOUT_FILENO, "\n")))
		die("write to standard output");
}

static void print_index(int dirfd)
{
	_buf_ struct buf b = { 0 };

	if (file_read(dirfd, "index.json", IMAGE_JSON_MAX, &b))
		die("read 'index.json'");
	print(&b);
}

static void print_image(int dirfd, const struct layout_name *name, const struct platform *want)
{
	_close_ int lock = layout_lock(dirfd, false, false);
	char why[LAYOUT_WHY_MAX];
	struct layout_image image;

	if (lock < 0)
		die("lock the layout");
	if (layout_load_any(dirfd, name, want, &image, why))
		diex("%s", why);
	print(manifest ? &image.manifest_json : &image.config_json);
	layout_image_free(&image);
}

int ctl_inspect(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... LAYOUT[:TAG|@DIGEST]",
				 "Print an image's config, its manifest, or the layout's index.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	struct platform want;
	struct layout_name name;
	_close_ int dirfd = -1;

	opt_operands(argc - first, 1, 1);
	if (platform_name && platform_parse(platform_name, &want))
		opt_misuse("malformed platform '%s', want OS/ARCH[/VARIANT]", platform_name);
	dirfd = xctl_open_name(argv[first], &name);
	if (index_json)
		print_index(dirfd);
	else
		print_image(dirfd, &name, platform_name ? &want : NULL);
	layout_name_free(&name);
	return 0;
}
