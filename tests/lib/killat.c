/* killat - run a command and kill it at its N-th step, to test what a crash leaves behind.
 *
 *   n=1
 *   while killat change $n -- runc create web; do
 *           runc delete --force web && check_nothing_is_left
 *           n=$((n + 1))
 *   done
 *
 * Steps are counted over the command and all its descendants, in the order they happen:
 *   exec      every program started (the command's own start is the first)
 *   change    every system call about to be made that can leave something behind: a kill before
 *             each of these is a kill at every state the world can see
 *   syscall   every system call
 *
 * The process that took the step dies; with --root the command does, whoever took it; with --tree
 * all do. Processes that are left live on, no longer traced.
 *
 * Exit: 0 killed as asked · 3 the command ended before · 2 misuse · 1 failed.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/proc.h"

enum { KILLED = 0, ENDED = 3 };

static bool kill_root, kill_tree;

static const struct opt opts[] = {
	{ 0, "root", OPT_FLAG, &kill_root, NULL,
	  "kill the command itself, not the process that took the step" },
	{ 0, "tree", OPT_FLAG, &kill_tree, NULL, "kill the command and all its descendants" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--root|--tree] exec|change|syscall N COMMAND [ARG]...",
	.purpose = "Run COMMAND and kill it at its N-th step.",
	.opts = opts,
	.flags = OPT_STOP,
};

/* What a system call must be to leave something behind, but for opening, see is_change. Not those
 * that only change what dies with the process: its own settings, mounts that are attached nowhere.
 */
static const uint64_t changes[] = {
	SYS_bind,
	SYS_bpf,
	SYS_chmod,
	SYS_chown,
	SYS_clone,
	SYS_clone3,
	SYS_copy_file_range,
	SYS_creat,
	SYS_execve,
	SYS_execveat,
	SYS_exit_group,
	SYS_fchmod,
	SYS_fchmodat,
	SYS_fchown,
	SYS_fchownat,
	SYS_fork,
	SYS_ftruncate,
	SYS_kill,
	SYS_link,
	SYS_linkat,
	SYS_mkdir,
	SYS_mkdirat,
	SYS_mknod,
	SYS_mknodat,
	SYS_mount,
	SYS_move_mount,
	SYS_pidfd_send_signal,
	SYS_pivot_root,
	SYS_pwrite64,
	SYS_rename,
	SYS_renameat,
	SYS_renameat2,
	SYS_rmdir,
	SYS_sendfile,
	SYS_sendmsg,
	SYS_sendto,
	SYS_setns,
	SYS_splice,
	SYS_symlink,
	SYS_symlinkat,
	SYS_truncate,
	SYS_umount2,
	SYS_unlink,
	SYS_unlinkat,
	SYS_unshare,
	SYS_vfork,
	SYS_write,
	SYS_writev,
};

static pid_t root;
static pid_t *tracees;
static size_t ntracees;

static void tracee_add(pid_t pid)
{
	for (size_t i = 0; i < ntracees; i++) {
		if (tracees[i] == pid)
			return;
	}
	tracees = xreallocarray(tracees, ntracees + 1, sizeof(*tracees));
	tracees[ntracees++] = pid;
}

static void tracee_remove(pid_t pid)
{
	for (size_t i = 0; i < ntracees; i++) {
		if (tracees[i] == pid)
			tracees[i] = tracees[--ntracees];
	}
}

static bool is_change(pid_t pid, const struct __ptrace_syscall_info *info)
{
	enum { CREATES_OR_WRITES = O_ACCMODE | O_CREAT | O_TRUNC };

	if (info->entry.nr == SYS_openat)
		return info->entry.args[2] & CREATES_OR_WRITES;
	/* The flags begin a struct in the tracee's memory. */
	if (info->entry.nr == SYS_openat2)
		return ptrace(PTRACE_PEEKDATA, pid, info->entry.args[2], 0) & CREATES_OR_WRITES;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		if (changes[i] == info->entry.nr)
			return true;
	}
	return false;
}

/* Is the stop the kind of step that WHAT ("exec", "change", "syscall") counts? */
static bool is_step(const char *what, pid_t pid, int status)
{
	struct __ptrace_syscall_info info = { 0 };

	if (str_eq(what, "exec"))
		return status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8);
	if (WSTOPSIG(status) != (SIGTRAP | 0x80))
		return false;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		return false; /* just killed by somebody else */
	return info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       (str_eq(what, "syscall") || is_change(pid, &info));
}

/* The signal to hand on, for a stop that is nothing but a signal on its way. */
static int signal_of(int status)
{
	int sig = WSTOPSIG(status);

	return status >> 16 || sig == (SIGTRAP | 0x80) || sig == SIGTRAP ? 0 : sig;
}

/* -1 once there is nobody to wait for. */
static pid_t wait_tracee(int *status)
{
	pid_t pid;

	do {
		pid = waitpid(-1, status, __WALL);
	} while (pid < 0 && errno == EINTR);
	if (pid < 0 && errno != ECHILD)
		die("cannot wait");
	return pid;
}

/* A child is a tracee from its parent's fork on, long before it first stops. */
static void note_child(pid_t pid, int status)
{
	unsigned long child;
	int event = status >> 16;

	if ((event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	     event == PTRACE_EVENT_CLONE) &&
	    !ptrace(PTRACE_GETEVENTMSG, pid, 0, &child))
		tracee_add((pid_t)child);
}

static void start(char **argv)
{
	const unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
				      PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
				      PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	int status;

	root = xfork();
	if (!root) {
		raise(SIGSTOP);
		xexec(argv);
	}
	if (waitpid(root, &status, WUNTRACED) != root || !WIFSTOPPED(status))
		die("cannot start '%s'", argv[0]);
	if (ptrace(PTRACE_SEIZE, root, 0, options))
		die("cannot trace '%s'", argv[0]);
	tracee_add(root);
	kill(root, SIGCONT);
}

/* Detach from everybody still traced, whatever they are in the middle of; EXITKILL would kill them.
 * A child that was killed at birth may have been seen ending before its parent's fork was: then it
 * is noted but no longer there.
 */
static void let_go(void)
{
	for (size_t i = 0; i < ntracees; i++)
		ptrace(PTRACE_INTERRUPT, tracees[i], 0, 0);
	while (ntracees) {
		int status;
		pid_t pid = wait_tracee(&status);

		if (pid < 0)
			return;
		if (WIFSTOPPED(status)) {
			note_child(pid, status);
			ptrace(PTRACE_DETACH, pid, 0, (unsigned long)signal_of(status));
		}
		tracee_remove(pid);
	}
}

static int finish(pid_t stepper)
{
	pid_t victim = kill_root ? root : stepper;

	for (size_t i = 0; i < ntracees; i++) {
		if (kill_tree || tracees[i] == victim)
			kill(tracees[i], SIGKILL);
	}
	if (!kill_tree && stepper != victim) {
		ptrace(PTRACE_DETACH, stepper, 0, 0);
		tracee_remove(stepper);
	}
	let_go();
	return KILLED;
}

/* Until the N-th step, or the command's end. */
static int trace(const char *what, uint64_t n)
{
	bool started = false;

	for (;;) {
		int status;
		pid_t pid = wait_tracee(&status);

		if (pid < 0)
			die("cannot wait");
		if (!WIFSTOPPED(status)) {
			tracee_remove(pid);
			if (pid != root)
				continue;
			let_go();
			return ENDED;
		}
		tracee_add(pid);
		note_child(pid, status);
		started = started || is_step("exec", pid, status);
		if (started && is_step(what, pid, status) && !--n)
			return finish(pid);
		if (ptrace(PTRACE_SYSCALL, pid, 0, (unsigned long)signal_of(status)) &&
		    errno != ESRCH)
			die("cannot continue process %d", pid);
	}
}

int main(int argc, char **argv)
{
	uint64_t n;

	opt_program(argv[0]);
	argv += opt_parse(argc, argv, &usage);
	if (!argv[0] || !argv[1] || !argv[2])
		opt_misuse("need a kind of step, a number and a command");
	if (!str_eq(argv[0], "exec") && !str_eq(argv[0], "change") && !str_eq(argv[0], "syscall"))
		opt_misuse("unknown kind of step '%s'", argv[0]);
	if (num_u64(argv[1], UINT64_MAX, &n) || !n)
		opt_misuse("not a step number: '%s'", argv[1]);
	start(argv + 2);
	return trace(argv[0], n);
}
