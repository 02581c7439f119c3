#include "imgunpack/archive.h"
#include "imgunpack/imgctl.h"
#include "imgunpack/transport.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/ref.h"

static const char *input = "-";
static bool full;

static const struct opt opts[] = {
	{ 'i', "input", OPT_STR, &input, "FILE", "read this, not standard input" },
	{ 0, "full", OPT_FLAG, &full, NULL, "store names in full, as docker reads them" },
	{ 0 },
};

static void complete_name(struct archive_image *a)
{
	const char *why;
	struct ref r;

	if (!a->name)
		return;
	if (ref_parse(a->name, &r, &why))
		diex("load '%s': malformed name '%s': %s", input, a->name, why);
	free(a->name);
	a->name = ref_full(&r);
}

/* An index may list images that are not in the archive; one alone must be whole. */
static void check(int dirfd, const struct archive_image *a)
{
	struct layout_image image;
	_buf_ struct buf b = { 0 };

	if (image_kind(a->media_type) == IMAGE_MANIFEST) {
		xtransport_check(dirfd, &a->digest, NULL, &image);
		layout_image_free(&image);
	} else {
		xblob_read(dirfd, &a->digest, a->size, IMAGE_JSON_MAX, &b);
	}
}

static void print_name(const struct archive_image *a)
{
	_free_ char *clean = die_clean(xstrdup(a->name ? a->name : a->digest.text));

	printf("%s\n", clean);
}

int ctl_load(int argc, char **argv)
{
	const struct usage u = { "[--full] [-i FILE] LAYOUT",
				 "Add the images of an archive to a layout; print their names.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	_close_ int dirfd = -1, lock = -1;
	struct archive_images list;

	opt_operands(argc - first, 1, 1);
	dirfd = xtransport_open_new(argv[first], &lock);
	archive_add(input, dirfd, &list);
	for (size_t i = 0; i < list.n; i++) {
		check(dirfd, &list.v[i]);
		if (full)
			complete_name(&list.v[i]);
	}
	archive_put(input, dirfd, &list);
	/* Old archives have members that are no part of any image. */
	close_fd(&lock);
	lock = -1;
	xsweep(dirfd, true, false);
	for (size_t i = 0; i < list.n; i++)
		print_name(&list.v[i]);
	archive_images_free(&list);
	return 0;
}
