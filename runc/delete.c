/* delete - remove what a container leaves behind; with --force the container too. */
#include <signal.h>
#include <string.h>

#include "lib/die.h"
#include "lib/proc.h"
#include "runc/ids.h"
#include "runc/runc.h"

static bool force, all, regex;

static const struct opt opts[] = {
	{ 'f', "force", OPT_FLAG, &force, NULL,
	  "kill the container if it still runs; no container is no failure" },
	{ 'r', "regex", OPT_FLAG, &regex, NULL, "ID is a regular expression: all that it matches" },
	{ 'a', "all", OPT_FLAG, &all, NULL, "all containers, without an ID" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--force] ID | --regex REGEX | --all",
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

/* A create or start that hangs, in a hook say, holds the lock; without the process it waits for it
 * fails, and lets go. */
static void kill_first(const char *id)
{
	_container_ struct container c = CONTAINER_NONE;
	_close_ int pidfd = -1;

	if (container_load(&c, runc_globals.root, id, false))
		return;
	pidfd = c.init_process_pid ? container_pidfd(&c)
				   : proc_open((pid_t)c.creator_pid, c.creator_start);
	/* Whoever is gone, or is not ours to kill, is found again under the lock. */
	if (pidfd >= 0 && proc_pidfd_signal(pidfd, SIGKILL))
		debug("kill container '%s': %s", id, strerror(errno));
}

static void delete_one(const char *id)
{
	_container_ struct container c = CONTAINER_NONE;

	runc_check_id(id);
	if (force)
		kill_first(id);
	if (container_load(&c, runc_globals.root, id, true) && (errno != EINVAL || c.dirfd < 0)) {
		if (errno != ENOENT)
			die("cannot load container '%s'", id);
		if (force)
			return;
		diex("container does not exist");
	}
	if (!force)
		check_stopped(&c);
	if (container_destroy(&c))
		die("cannot delete container '%s'", id);
}

int verb_delete(int argc, char **argv)
{
	_strv_ struct strv ids = { 0 };
	int n = argc - runc_parse(argc, argv, &usage, 0, 1);

	if (n != (all ? 0 : 1))
		opt_misuse(all ? "\"delete --all\" takes no ID"
			       : "\"delete\" requires exactly 1 argument(s)");
	if (!all && !regex) {
		delete_one(argv[argc - 1]);
		return 0;
	}
	ids_find(&ids, all ? NULL : argv[argc - 1]);
	return ids_each(&ids, delete_one);
}
