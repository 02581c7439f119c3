#include <sys/stat.h>

#include "imgunpack/pack.h"
#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"

/* All layers into a tree below the layout, and the tree into one layer. */
static void squash(struct pack *p, const char *layout, const char *image, enum codec codec)
{
	_free_ char *name = xasprintf("tmp/squash-%d", (int)getpid()),
		    *path = xasprintf("%s/%s", layout, name);
	const struct pack_source source = { .kind = PACK_DIR, .path = path, .root = true };
	struct unpack job = { .limits = UNPACK_LIMITS };

	unpack_load(&job, image, pack_platform());
	if (mkdirat(p->layout_dirfd, "tmp", 0755) && errno != EEXIST)
		die("make '%s/tmp'", layout);
	pack_abandon_dir(p->layout_dirfd, name);
	unpack_flat(&job, path);
	unpack_free(&job);
	pack_forget_layers(p);
	pack_layer(p, &source, codec);
	pack_abandon_dir(p->layout_dirfd, NULL);
	if (path_remove_tree(p->layout_dirfd, name))
		die("remove '%s'", path);
}

int verb_squash(int argc, char **argv)
{
	const struct usage u = {
		.synopsis = "[OPTION]... LAYOUT[:TAG|@DIGEST]",
		.purpose = "Make one layer of all of an image's.",
		.opts = pack_squash_opts,
	};
	struct layout_name n;
	struct pack p;

	argv += opt_parse(argc, argv, &u);
	opt_operands((int)strv_len(argv), 1, 1);
	pack_codec(NULL); /* before anything is written: it checks the option */
	pack_open(&p, argv[0], false, &n);
	pack_base(&p, &n);
	squash(&p, n.dir, argv[0], pack_codec(&p));
	pack_put(&p);
	layout_name_free(&n);
	return 0;
}
