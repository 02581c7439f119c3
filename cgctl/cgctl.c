/* cgctl - make, limit, read and stop control groups, alike on v1, hybrid and v2 hosts. */
#include "cgctl/verbs.h"
#include "lib/opt.h"

static const struct opt opts[] = { { 0 } };

static const struct verb verbs[] = {
	{ "create", cgctl_create, "make a group in every hierarchy" },
	{ "rm", cgctl_rm, "remove groups and those below" },
	{ "ls", cgctl_ls, "list groups" },
	{ "set", cgctl_set, "set limits, in v2's words or as OCI resources" },
	{ "get", cgctl_get, "print limits in v2's words" },
	{ "apply", cgctl_apply, "make groups and set limits as a file says" },
	{ "snapshot", cgctl_snapshot, "print such a file" },
	{ "stat", cgctl_stat, "print what groups have used" },
	{ "top", cgctl_top, "show what groups are using" },
	{ "events", cgctl_events, "print what happens to groups" },
	{ "wait", cgctl_wait, "wait until groups are empty, or else" },
	{ "exec", cgctl_exec, "run a program in a group" },
	{ "attach", cgctl_attach, "move running processes to a group" },
	{ "ps", cgctl_ps, "list the processes of a group" },
	{ "freeze", cgctl_freeze, "stop the processes of groups" },
	{ "thaw", cgctl_thaw, "let them go on" },
	{ "kill", cgctl_kill, "signal every process of groups" },
	{ "delegate", cgctl_delegate, "let a user rule over groups" },
	{ "info", cgctl_info, "print what control groups this host has" },
	{ 0 },
};

int main(int argc, char **argv)
{
	const struct usage u = { "VERB [OPTION]... GROUP...",
				 "Make, limit, read and stop control groups.", opts, OPT_STOP,
				 verbs };

	opt_program(argv[0]);
	return opt_run_verb(argc, argv, &u);
}
