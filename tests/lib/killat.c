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
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/str.h"
#include "tests/lib/tracer.h"

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
	return tracer_is_call(pid, status, &info) && info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       (str_eq(what, "syscall") || is_change(pid, &info));
}

static int finish(struct tracer *t, pid_t stepper)
{
	pid_t victim = kill_root ? t->root : stepper;

	for (size_t i = 0; i < t->n; i++) {
		if (kill_tree || t->v[i].pid == victim)
			kill(t->v[i].pid, SIGKILL);
	}
	if (!kill_tree && stepper != victim)
		tracer_detach(t, stepper);
	tracer_let_go(t);
	return KILLED;
}

/* Until the N-th step, or the command's end. */
static int trace(struct tracer *t, const char *what, uint64_t n)
{
	for (;;) {
		pid_t pid;
		int status;

		if (!tracer_wait(t, &pid, &status)) {
			if (pid != t->root)
				continue;
			tracer_let_go(t);
			return ENDED;
		}
		if (t->started && is_step(what, pid, status) && !--n)
			return finish(t, pid);
		tracer_continue(pid, status);
	}
}

int main(int argc, char **argv)
{
	static struct tracer t;
	uint64_t n;

	opt_program(argv[0]);
	argv += opt_parse(argc, argv, &usage);
	if (!argv[0] || !argv[1] || !argv[2])
		opt_misuse("need a kind of step, a number and a command");
	if (!str_eq(argv[0], "exec") && !str_eq(argv[0], "change") && !str_eq(argv[0], "syscall"))
		opt_misuse("unknown kind of step '%s'", argv[0]);
	if (num_u64(argv[1], UINT64_MAX, &n) || !n)
		opt_misuse("not a step number: '%s'", argv[1]);
	tracer_start(&t, argv + 2);
	return trace(&t, argv[0], n);
}
