/* shim wait - wait for a container's end, print its exit code. */
#include "lib/die.h"
#include "lib/opt.h"
#include "shim/place.h"
#include "shim/verbs.h"

static const char *dir;

static const struct opt opts[] = {
	{ 0, "dir", OPT_STR, &dir, "DIR",
	  "the container's directory (default: $LASH_RUN/shim/ID)" },
	{ 0 },
};

int shim_wait(int argc, char **argv)
{
	const struct usage u = { "[--dir DIR] ID",
				 "Wait for a container's end, print its exit code.", opts,
				 .flags = 0 };
	int at = opt_parse(argc, argv, &u), dirfd, code;

	opt_operands(argc - at, 1, 1);
	dirfd = place_xopen(dir, argv[at]);
	code = place_wait(dirfd);
	if (code < 0)
		diex("wait for '%s': its shim was killed, the exit code is not known", argv[at]);
	printf("%d\n", code);
	return 0;
}
