#include "imgunpack/imgctl.h"
#include "imgunpack/table.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/opt.h"

static bool json;

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json, NULL, "one object a line" },
	{ 0 },
};

/* Size of the step's layer; -1 when it made none, or when the history does not tell. */
static int64_t layer_size(const struct layout_image *image, const struct image_history *h,
			  size_t *next_layer)
{
	if (h->empty_layer || *next_layer >= image->manifest.n_layers)
		return -1;
	return image->manifest.layers[(*next_layer)++].size;
}

static void print_json(const struct image_history *h, int64_t size)
{
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	emit_object(&e, NULL);
	emit_str_if(&e, "created", h->created);
	emit_str_if(&e, "createdBy", h->created_by);
	emit_str_if(&e, "author", h->author);
	emit_str_if(&e, "comment", h->comment);
	emit_bool(&e, "emptyLayer", size < 0);
	emit_int(&e, "size", size < 0 ? 0 : size);
	emit_end(&e);
	buf_addc(&b, '\n');
	fwrite(buf_str(&b), 1, b.len, stdout);
}

static void add_row(struct table *t, const struct image_history *h, int64_t size)
{
	char text[TABLE_SIZE_MAX];

	table_add(t, h->created);
	table_add(t, table_size(size < 0 ? 0 : size, text));
	table_add(t, h->created_by);
}

static void print_history(const struct layout_image *image)
{
	struct table t = { .n_columns = 3 };
	size_t next_layer = 0;

	table_add(&t, "CREATED");
	table_add(&t, "SIZE");
	table_add(&t, "CREATED BY");
	for (size_t i = 0; i < image->config.n_history; i++) {
		const struct image_history *h = &image->config.history[i];
		int64_t size = layer_size(image, h, &next_layer);

		if (json)
			print_json(h, size);
		else
			add_row(&t, h, size);
	}
	if (json)
		strv_free(&t.cells);
	else
		table_print(&t);
}

int ctl_history(int argc, char **argv)
{
	const struct usage u = { "[--json] LAYOUT[:TAG|@DIGEST]",
				 "Show how an image was built, the base first.", opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	_close_ int dirfd = -1, lock = -1;
	struct layout_image image;
	char why[LAYOUT_WHY_MAX];
	struct layout_name name;

	opt_operands(argc - first, 1, 1);
	dirfd = xctl_open_name(argv[first], &name);
	lock = layout_lock(dirfd, false, false);
	if (lock < 0)
		die("lock layout '%s'", name.dir);
	if (layout_load(dirfd, &name, NULL, &image, why))
		diex("%s", why);
	print_history(&image);
	layout_image_free(&image);
	layout_name_free(&name);
	return 0;
}
