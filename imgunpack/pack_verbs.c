#include "imgunpack/pack.h"
#include "lib/die.h"
#include "lib/io.h"

/* What can be seen to be wrong is said before a layout is made or changed. */
static void check_options(void)
{
	struct json *probe = json_new(JSON_OBJECT);
	size_t n;
	const struct pack_source *sources = pack_sources(&n);

	pack_codec(NULL);
	pack_configure(probe);
	json_free(probe);
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(sources[i].path, "-") && access(sources[i].path, R_OK))
			die("open '%s'", sources[i].path);
		if (sources[i].beside && access(sources[i].beside, R_OK | X_OK))
			die("open '%s'", sources[i].beside);
	}
}

static char *operand(int argc, char **argv, const struct usage *u)
{
	argv += opt_parse(argc, argv, u);
	opt_operands((int)strv_len(argv), 1, 1);
	check_options();
	return argv[0];
}

int verb_new(int argc, char **argv)
{
	const struct usage u = {
		.synopsis = "[OPTION]... LAYOUT[:TAG]",
		.purpose = "Make an image from scratch.",
		.opts = pack_opts,
	};
	struct layout_name n;
	struct pack p;
	const char *name = operand(argc, argv, &u);

	pack_open(&p, name, true, &n);
	pack_scratch(&p, pack_platform());
	pack_finish(&p);
	layout_name_free(&n);
	return 0;
}

int verb_add(int argc, char **argv)
{
	const struct usage u = {
		.synopsis = "[OPTION]... LAYOUT[:TAG|@DIGEST]",
		.purpose = "Put layers on an image, change its configuration, or both.",
		.opts = pack_opts,
	};
	struct layout_name n;
	struct pack p;
	const char *name = operand(argc, argv, &u);

	pack_open(&p, name, false, &n);
	pack_base(&p, &n);
	pack_finish(&p);
	layout_name_free(&n);
	return 0;
}

static int put_stdout(_unused_ void *ctx, const void *data, size_t len)
{
	return io_write(1, data, len);
}

int verb_layer(int argc, char **argv)
{
	const struct usage u = {
		.synopsis = "[OPTION]... DIR | --upper DIR",
		.purpose = "Write a directory as a layer's tar to standard output.",
		.opts = pack_layer_opts,
	};
	struct digest diff_id;
	size_t n;

	argv += opt_parse(argc, argv, &u);

	if (argv[0])
		pack_take_dir(argv[0]);

	const struct pack_source *sources = pack_sources(&n);

	if (n != 1 || (argv[0] && argv[1]))
		opt_misuse("need one directory");

	struct sink *s = sink_open(pack_codec(NULL), put_stdout, NULL, NULL);

	pack_write(s, &sources[0]);
	if (sink_close(s, &diff_id) < 0)
		die("write to standard output");
	return 0;
}
