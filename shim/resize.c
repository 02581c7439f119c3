/* shim resize - set the size of a container's terminal. */
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "shim/ctl.h"
#include "shim/place.h"
#include "shim/verbs.h"

static const char *dir;

static const struct opt opts[] = {
	{ 0, "dir", OPT_STR, &dir, "DIR",
	  "the container's directory (default: $LASH_RUN/shim/ID)" },
	{ 0 },
};

int shim_resize(int argc, char **argv)
{
	const struct usage u = { "[--dir DIR] ID ROWS COLS",
				 "Set the size of a container's terminal.", opts, .flags = 0 };
	int at = opt_parse(argc, argv, &u), rows, cols, dirfd;

	opt_operands(argc - at, 3, 3);
	if (num_int(argv[at + 1], 0, CTL_SIZE_MAX, &rows) < 0)
		opt_misuse("bad number of rows '%s'", argv[at + 1]);
	if (num_int(argv[at + 2], 0, CTL_SIZE_MAX, &cols) < 0)
		opt_misuse("bad number of columns '%s'", argv[at + 2]);
	dirfd = place_xopen(dir, argv[at]);

	_free_ char *line = xasprintf("resize %d %d\n", rows, cols);

	if (place_control(dirfd, line) < 0)
		die("resize terminal of '%s'", argv[at]);
	return 0;
}
