/* imgunpack - an image's layers into a directory, or as an overlay of shared layers. */
#include <string.h>

#include "imgunpack/archive.h"
#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/sys.h"

static struct unpack unpack = { .limits = UNPACK_LIMITS };
static const char *overlay, *layers, *platform_name;
static bool is_volatile;
static int64_t max_size;
static bool keep_ids;

static void add_uids(const char *map)
{
	struct ids *ids = &unpack.limits.ids;

	if (ids_add(&ids->uids, &ids->n_uids, map) < 0)
		opt_misuse("--uid-map '%s' is no INSIDE:OUTSIDE:COUNT", map);
}

static void add_gids(const char *map)
{
	struct ids *ids = &unpack.limits.ids;

	if (ids_add(&ids->gids, &ids->n_gids, map) < 0)
		opt_misuse("--gid-map '%s' is no INSIDE:OUTSIDE:COUNT", map);
}

static const struct opt opts[] = {
	{ 0, "gid-map", OPT_CALL, opt_fn(add_gids), "INSIDE:OUTSIDE:COUNT",
	  "give files these groups instead of the image's" },
	{ 0, "keep-ids", OPT_FLAG, &keep_ids, NULL,
	  "fail rather than have files belong to the caller, who is not root" },
	{ 0, "layers", OPT_STR, &layers, "STORE",
	  "keep unpacked layers in STORE ($LASH_ROOT/layers)" },
	{ 0, "max-depth", OPT_U64, &unpack.limits.depth, "N",
	  "refuse paths of more than N components (512)" },
	{ 0, "max-entries", OPT_U64, &unpack.limits.entries, "N",
	  "refuse more than N entries (10000000)" },
	{ 0, "max-ratio", OPT_U64, &unpack.max_ratio, "N",
	  "refuse layers that grow more than N times" },
	{ 0, "max-size", OPT_SIZE, &max_size, "BYTES", "refuse layers that unpack to more" },
	{ 0, "no-devices", OPT_FLAG, &unpack.limits.no_devices, NULL,
	  "leave block and character devices out" },
	{ 0, "overlay", OPT_STR, &overlay, "DIR",
	  "mount an overlay with DIR/upper and DIR/work on ROOTFS" },
	{ 0, "platform", OPT_STR, &platform_name, "OS/ARCH", "choose this platform of several" },
	{ 0, "sync", OPT_FLAG, &unpack.sync, NULL,
	  "have layers on disk before they count as unpacked" },
	{ 0, "uid-map", OPT_CALL, opt_fn(add_uids), "INSIDE:OUTSIDE:COUNT",
	  "give files these owners instead of the image's" },
	{ 0, "volatile", OPT_FLAG, &is_volatile, NULL,
	  "an overlay that is never synced and cannot be mounted again" },
	{ 0 },
};

/* Layers in a store are shared, so that they have the image's own ids. */
static void check_ids(void)
{
	struct ids *ids = &unpack.limits.ids;

	if (overlay && (ids->n_uids || ids->n_gids))
		opt_misuse("--uid-map and --gid-map are not for --overlay");
	if (overlay && geteuid())
		diex("--overlay needs root, be it that of a user namespace (unshare -r)");
	ids->pretend = geteuid() && !keep_ids;
}

int main(int argc, char **argv)
{
	const struct usage u = {
		.synopsis = "[OPTION]... IMAGE ROOTFS",
		.purpose = "Unpack an image and print its configuration.",
		.opts = opts,
	};

	opt_program(argv[0]);
	argv += opt_parse(argc, argv, &u);
	opt_operands((int)strv_len(argv), 2, 2);
	if (max_size < 0)
		opt_misuse("--max-size must not be negative");
	unpack.max_bytes = unpack.limits.file_bytes = (uint64_t)max_size;
	check_ids();

	unpack_load(&unpack, argv[0], platform_name);
	if (overlay) {
		_free_ char *store = layers ? xstrdup(layers)
					    : xasprintf("%s/layers", sys_lash_root());

		unpack_overlay(&unpack, store, overlay, argv[1], is_volatile);
	} else {
		unpack_flat(&unpack, argv[1]);
	}
	archive_drop();
	if (io_write(1, unpack.image.config_json.data, unpack.image.config_json.len) < 0)
		die("write the configuration");
	return 0;
}
