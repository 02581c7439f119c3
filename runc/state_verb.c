/* state - print what the specification calls the state of a container. */
#include "lib/die.h"
#include "lib/io.h"
#include "runc/runc.h"

static const struct opt opts[] = { { 0 } };

static const struct usage usage = {
	.synopsis = "ID",
	.purpose = "Print the state of the container as JSON.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

int verb_state(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_buf_ struct buf out = { 0 };

	argv += runc_parse(argc, argv, &usage, 1, 1);
	xcontainer_load(&c, argv[0], false);
	container_emit(&c, container_status(&c), true, 2, &out);
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("cannot write");
	return 0;
}
