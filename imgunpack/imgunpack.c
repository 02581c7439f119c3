/* imgunpack - an image's layers into a directory, or as an overlay of shared layers. */
#include <string.h>

#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/sys.h"

static struct unpack unpack = { .limits = { .entries = 10000000, .depth = 512 } };
static const char *overlay, *layers, *platform_name;
static bool is_volatile;
static int64_t max_size;

static const struct opt opts[] = {
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
	{ 0, "volatile", OPT_FLAG, &is_volatile, NULL,
	  "an overlay that is never synced and cannot be mounted again" },
	{ 0 },
};

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
	unpack.max_bytes = (uint64_t)max_size;

	unpack_load(&unpack, argv[0], platform_name);
	if (overlay) {
		_free_ char *store = layers ? xstrdup(layers)
					    : xasprintf("%s/layers", sys_lash_root());

		unpack_overlay(&unpack, store, overlay, argv[1], is_volatile);
	} else {
		unpack_flat(&unpack, argv[1]);
	}
	if (io_write(1, unpack.image.config_json.data, unpack.image.config_json.len) < 0)
		die("write the configuration");
	return 0;
}
