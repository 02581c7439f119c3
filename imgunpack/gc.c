#include "imgunpack/imgctl.h"
#include "lib/opt.h"

static bool dry_run;

static const struct opt opts[] = {
	{ 'n', "dry-run", OPT_FLAG, &dry_run, NULL, "print what would be removed instead" },
	{ 0 },
};

int ctl_gc(int argc, char **argv)
{
	const struct usage u = { "[-n] LAYOUT",
				 "Remove blobs no image uses, and what interrupted work left.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	_close_ int dirfd = -1;

	opt_operands(argc - first, 1, 1);
	dirfd = xctl_open(argv[first]);
	xsweep(dirfd, false, dry_run);
	return 0;
}
