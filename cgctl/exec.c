/* cgctl exec - run a program in a group.
 *
 * v1 takes a thread that moves itself without ado. Into a v2 group a running process can only be
 * moved at the cost of an RCU grace period (some 10 ms), while a child can be born there for
 * nothing: so where there is v2, we stay as the parent, pass signals on and end as the child does.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/cgroup_res.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "lib/sys.h"

static bool same_pid, create, remove_after;
static struct strv words;

static const struct opt opts[] = {
	{ 'c', "create", OPT_FLAG, &create, NULL, "make the group first" },
	{ 's', "set", OPT_STRV, &words, "KEY=VALUE", "set this limit first" },
	{ 'r', "rm", OPT_FLAG, &remove_after, NULL,
	  "remove the group afterwards, with whoever is left in it" },
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

/* What the child needs to know. */
struct child {
	const struct cgroup *g;
	const struct cgroup_join *join;
	pid_t parent;
	int bornfd; /* a byte here: it runs; one more: but did not become COMMAND */
	bool move;  /* it was not born in the v2 group */
	sigset_t mask;
	sighandler_t sigchld; /* our caller may have ignored it; then no child is waited for */
	char *const *command;
};

static int told_fd;

/* In the child: the group is the parent's to remove, which is outside of it. */
static void tell_failure(void)
{
	(void)!write(told_fd, "", 1);
}

_noreturn_ static void run_child(const struct child *c)
{
	told_fd = c->bornfd;
	die_cleanup(tell_failure);
	/* As if we were one process: who kills the one kills the other. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != c->parent)
		raise(SIGKILL);
	if (io_write(c->bornfd, "", 1) < 0 || (c->move && cgroup_move(c->g, 0) < 0) ||
	    cgroup_join_tasks(c->join) < 0)
		die("join group '%s'", c->g->path);
	signal(SIGCHLD, c->sigchld);
	sigprocmask(SIG_SETMASK, &c->mask, NULL);
	xexec(c->command);
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

/* The pid, and in *OUTFD where it says more; -1 when it was killed at birth. */
static pid_t start(struct child *c, int *outfd)
{
	bool born = !c->move && c->join->v2_dirfd >= 0;
	struct clone_args args = {
		.flags = born ? CLONE_INTO_CGROUP : 0,
		.exit_signal = SIGCHLD,
		.cgroup = born ? (uint64_t)c->join->v2_dirfd : 0,
	};
	_close_ int bornfd = -1;
	int fds[2];
	char byte;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		die("make a pipe");
	bornfd = fds[0];
	c->bornfd = fds[1];
	child = sys_clone3(&args, sizeof(args));
	if (child == 0)
		run_child(c);
	close(fds[1]);
	if (child < 0 && errno == EBUSY)
		diex("join group '%s': it hands controllers to groups below", c->g->path);
	if (child < 0)
		die("join group '%s'", c->g->path);
	if (io_read(bornfd, &byte, 1) == 1) {
		*outfd = steal_fd(&bornfd);
		return child;
	}
	proc_wait(child);
	return -1;
}

/* Since Linux 6.14 a child is killed at birth when the group it is born in and ours have been
 * killed by cgroup.kill unequally often (see cgroup.h): then it has to move after all. The exit
 * status; STARTED: it became COMMAND. */
static int run(const struct cgroup *g, const struct cgroup_join *join, char *const *command,
	       bool *started)
{
	_close_ int bornfd = -1;
	struct child c = { .g = g, .join = join, .parent = getpid(), .command = command };
	sigset_t blocked;
	pid_t child;
	char byte;
	int status;

	c.sigchld = signal(SIGCHLD, SIG_DFL);
	block_signals(&blocked, &c.mask);
	child = start(&c, &bornfd);
	if (child < 0) {
		c.move = true;
		child = start(&c, &bornfd);
	}
	if (child < 0)
		diex("join group '%s': killed meanwhile", g->path);
	status = wait_for(child, &blocked);
	*started = io_read(bornfd, &byte, 1) != 1;
	return status;
}

static void open_group(struct cgroup *g, const struct cgroup_layout *l, const char *path)
{
	if (!create) {
		xgroup_open(g, l, path);
		return;
	}
	if (cgroup_create(g, l, path, true) == 0)
		return;
	if (errno == EINVAL)
		opt_misuse("'%s' is no name of a group", path);
	die("create group '%s'", path);
}

/* A group of ours does not outlive a command that was never started. */
static const struct cgroup *ours;
static struct cgroup home = CGROUP_NONE; /* where we came from, once we are in it ourselves */

static void abandon(void)
{
	if (home.layout)
		(void)!cgroup_move(&home, 0);
	cgroup_remove(ours->layout, ours->path, 0);
}

static void set_limits(const struct cgroup *g)
{
	_free_ struct cgroup_setting *word = group_words(words.v, words.n);
	_cgroup_plan_ struct cgroup_plan plan = { 0 };
	_buf_ struct buf why = { 0 };

	if (cgroup_plan_words(&plan, g, word, words.n, &why) < 0 ||
	    cgroup_plan_run(&plan, g, &why) < 0)
		die("group '%s': %s", g->path, buf_str(&why));
}

static int run_and_remove(const struct cgroup *g, const struct cgroup_join *join,
			  char *const *command)
{
	bool started;
	int status = run(g, join, command, &started);

	if (create && !started)
		abandon();
	else if (remove_after &&
		 cgroup_destroy(g->layout, g->path, group_timeout_ms(GROUP_TIMEOUT_S)) < 0)
		warn("remove group '%s'", g->path);
	return status;
}

int cgctl_exec(int argc, char **argv)
{
	const struct usage u = { "[-c] [-s KEY=VALUE]... [-r | --same-pid] GROUP COMMAND [ARG]...",
				 "Run COMMAND in a group.", opts, OPT_CHAIN, NULL };
	struct cgroup_layout layout;
	struct cgroup_join join;
	_cgroup_ struct cgroup g = CGROUP_NONE;
	int at = opt_parse(argc, argv, &u);

	if (argc - at < 2)
		opt_misuse("a group and a command are needed");
	if (remove_after && same_pid)
		opt_misuse("--same-pid leaves nobody to do --rm");
	xlayout_open(&layout);
	open_group(&g, &layout, argv[at]);
	if (create) {
		ours = &g;
		die_cleanup(abandon);
	}
	set_limits(&g);
	if (cgroup_is_frozen(&g) == 1)
		diex("join group '%s': it is frozen", argv[at]);
	if (cgroup_join_open(&join, &g) < 0)
		die("join group '%s'", argv[at]);
	if (remove_after || (join.v2_dirfd >= 0 && !same_pid))
		return run_and_remove(&g, &join, argv + at + 1);
	if (create && cgroup_open_pid(&home, &layout, getpid()) < 0)
		die("open our own group");
	if ((join.v2_dirfd >= 0 ? cgroup_move(&g, 0) : cgroup_join_tasks(&join)) < 0)
		die("join group '%s'", argv[at]);
	xexec(argv + at + 1);
}
