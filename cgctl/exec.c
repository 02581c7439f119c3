/* cgctl exec - run a program in a group.
 *
 * v1 takes a thread that moves itself without ado. Into a v2 group a running process can only be
 * moved at the cost of an RCU grace period (some 10 ms), while a child can be born there for
 * nothing: so where there is v2, we stay as the parent, pass signals on and end as the child does.
 */
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "lib/sys.h"

static bool same_pid;

static const struct opt opts[] = {
	{ 0, "same-pid", OPT_FLAG, &same_pid, NULL,
	  "become COMMAND even where that takes 10 ms (cgroup v2)" },
	{ 0 },
};

/* The job-control signals keep their effect on us: a shell must see us stop with our child. */
static void block_signals(sigset_t *blocked, sigset_t *before)
{
	static const int left[] = { SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT };

	sigfillset(blocked);
	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		sigdelset(blocked, left[i]);
	sigprocmask(SIG_SETMASK, blocked, before);
}

_noreturn_ static void run_child(const struct cgroup_join *j, const sigset_t *mask, pid_t parent,
				 char *const *command)
{
	/* As if we were one process: who kills the one kills the other. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		raise(SIGKILL);
	if (cgroup_join_tasks(j) < 0)
		die("join the group");
	sigprocmask(SIG_SETMASK, mask, NULL);
	xexec(command);
}

/* What the terminal sends reaches the child by itself; what a process sends us is the child's. */
static int wait_for(pid_t child, const sigset_t *blocked)
{
	for (;;) {
		siginfo_t info;
		int sig = sigwaitinfo(blocked, &info), wstatus;

		if (sig == SIGCHLD && waitpid(child, &wstatus, WNOHANG) == child)
			return proc_exit_code(wstatus);
		if (sig > 0 && sig != SIGCHLD && info.si_code <= 0)
			kill(child, sig);
	}
}

static int run(const struct cgroup_join *j, const char *group, char *const *command)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)j->v2_dirfd,
	};
	pid_t parent = getpid(), child;
	sigset_t blocked, before;

	block_signals(&blocked, &before);
	child = sys_clone3(&args, sizeof(args));
	if (child == 0)
		run_child(j, &before, parent, command);
	if (child < 0 && errno == EBUSY)
		diex("join group '%s': it hands controllers to groups below", group);
	if (child < 0)
		die("join group '%s'", group);
	return wait_for(child, &blocked);
}

int cgctl_exec(int argc, char **argv)
{
	const struct usage u = { "[--same-pid] GROUP COMMAND [ARG]...", "Run COMMAND in a group.",
				 opts, OPT_CHAIN, NULL };
	struct cgroup_layout layout;
	struct cgroup_join join;
	_cgroup_ struct cgroup g = CGROUP_NONE;
	int at = opt_parse(argc, argv, &u);

	if (argc - at < 2)
		opt_misuse("a group and a command are needed");
	xlayout_open(&layout);
	xgroup_open(&g, &layout, argv[at]);
	if (cgroup_is_frozen(&g) == 1)
		diex("join group '%s': it is frozen", argv[at]);
	if (cgroup_join_open(&join, &g) < 0)
		die("join group '%s'", argv[at]);
	if (join.v2_dirfd >= 0 && !same_pid)
		return run(&join, argv[at], argv + at + 1);
	if ((join.v2_dirfd >= 0 ? cgroup_move(&g, 0) : cgroup_join_tasks(&join)) < 0)
		die("join group '%s'", argv[at]);
	xexec(argv + at + 1);
}
