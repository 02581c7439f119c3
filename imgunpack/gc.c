#include <fcntl.h>
#include <unistd.h>

#include "imgunpack/imgctl.h"
#include "imgunpack/store.h"
#include "imgunpack/uses.h"
#include "lib/die.h"
#include "lib/opt.h"

static bool dry_run;
static const char *layers;

static const struct opt opts[] = {
	{ 'n', "dry-run", OPT_FLAG, &dry_run, NULL, "print what would be removed instead" },
	{ 0, "layers", OPT_STR, &layers, "STORE",
	  "and unpacked layers in STORE that no image uses and nothing mounts" },
	{ 0 },
};

void ctl_collect_layers(char *const *layouts, const char *store, bool nowait, bool only_print)
{
	_close_ int fd = store_open(store, nowait ? STORE_ALONE_NOW : STORE_ALONE);
	_strv_ struct strv live = { 0 };

	if (fd < 0 && (errno == ENOENT || errno == EWOULDBLOCK))
		return;
	if (fd < 0)
		die("open layer store '%s'", store);
	for (; *layouts; layouts++)
		ctl_layer_keys(*layouts, &live);
	uses_list(fd, &live, only_print);
	store_gc(fd, &live, only_print);
}

int ctl_gc(int argc, char **argv)
{
	const struct usage u = { "[-n] [--layers STORE] LAYOUT...",
				 "Remove blobs no image uses, and what interrupted work left.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);

	opt_operands(argc - first, 1, -1);
	for (int i = first; i < argc; i++) {
		_close_ int dirfd = xctl_open(argv[i]);

		xsweep(dirfd, false, dry_run);
	}
	if (layers)
		ctl_collect_layers(argv + first, layers, false, dry_run);
	return 0;
}
