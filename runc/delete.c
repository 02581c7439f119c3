/* delete - remove what a container leaves behind; with --force the container too. */
#include "lib/die.h"
#include "runc/runc.h"

static bool force;

static const struct opt opts[] = {
	{ 'f', "force", OPT_FLAG, &force, NULL,
	  "kill the container if it still runs; no container is no failure" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--force] ID",
	.purpose = "Remove what a stopped container holds: its cgroups and its state.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

/* A record that cannot be read is what a create killed half way leaves behind: nothing to keep. */
static void check_stopped(const struct container *c)
{
	enum status status = container_status(c);

	if (status == STATUS_RUNNING || status == STATUS_PAUSED)
		diex("cannot delete container %s that is not stopped: %s", c->id,
		     status_name(status));
}

int verb_delete(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	const char *id = argv[runc_parse(argc, argv, &usage, 1, 1)];

	runc_check_id(id);
	if (container_load(&c, runc_globals.root, id, true) && errno != EINVAL) {
		if (errno != ENOENT)
			die("cannot load container '%s'", id);
		if (force)
			return 0;
		diex("container does not exist");
	}
	if (!force)
		check_stopped(&c);
	if (container_destroy(&c))
		die("cannot delete container '%s'", id);
	return 0;
}
