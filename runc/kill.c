/* kill - send a signal to a container's init, or to all its processes. */
#include <sched.h>
#include <signal.h>

#include "lib/die.h"
#include "lib/proc.h"
#include "runc/group.h"
#include "runc/ids.h"
#include "runc/runc.h"

enum { THAW_MS = 2000 };

static bool all, regex;
static int sig;

static const struct opt opts[] = {
	{ 'a', "all", OPT_FLAG, &all, NULL, "signal every process; none left is no failure" },
	{ 'r', "regex", OPT_FLAG, &regex, NULL, "ID is a regular expression: all that it matches" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--all] [--regex] ID [SIGNAL]",
	.purpose = "Send SIGNAL (a name or a number; TERM unless given) to the container's init.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

static int parse_signal(const char *s)
{
	int n = str_eq(s, "0") ? 0 : proc_signal_number(s);

	if (n < 0)
		diex("unknown signal \"%s\"", s);
	return n;
}

/* Init of a process namespace takes everybody in it along; elsewhere KILL must look for them
 * itself. */
static bool shares_processes(const struct container *c)
{
	char why[DECODE_WHY_MAX];
	_spec_ struct spec spec = { 0 };

	return container_spec(c, &spec, why) || !spec_is_new(&spec, CLONE_NEWPID);
}

static void signal_init(const struct container *c)
{
	_close_ int pidfd = container_pidfd(c);

	if (pidfd >= 0 && !proc_pidfd_signal(pidfd, sig))
		return;
	if (errno != ESRCH)
		die("unable to signal init");
	if (!all)
		diex("container not running");
}

/* On v1 a frozen process does not even die before it is thawed. */
static void thaw(const struct container *c)
{
	_group_ struct group g = GROUP_NONE;

	if (!group_open(&g, c) && cgroup_is_frozen(&g.cgroup) == 1 &&
	    cgroup_thaw(&g.cgroup, THAW_MS))
		warn("cannot thaw container '%s'", c->id);
}

static void signal_group(const struct container *c)
{
	_group_ struct group g = GROUP_NONE;

	if (group_open(&g, c)) {
		if (errno != ENOENT)
			die("unable to kill all processes");
		signal_init(c);
	} else if (cgroup_kill(&g.cgroup, sig)) {
		die("unable to kill all processes");
	}
}

static void kill_one(const char *id)
{
	_container_ struct container c = CONTAINER_NONE;

	xcontainer_load(&c, id, false);
	if (all || (sig == SIGKILL && shares_processes(&c)))
		signal_group(&c);
	else
		signal_init(&c);
	if (sig == SIGKILL)
		thaw(&c);
}

int verb_kill(int argc, char **argv)
{
	_strv_ struct strv ids = { 0 };

	argv += runc_parse(argc, argv, &usage, 1, 2);
	if (!regex)
		runc_check_id(argv[0]);
	sig = parse_signal(argv[1] ? argv[1] : "TERM");
	if (!regex) {
		kill_one(argv[0]);
		return 0;
	}
	ids_find(&ids, argv[0]);
	return ids_each(&ids, kill_one);
}
