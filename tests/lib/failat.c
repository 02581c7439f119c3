/* failat - run a command and let one of its system calls fail, to test what it makes of that.
 *
 *   failat list steps runc create web
 *   while read -r process call number; do
 *           failat fail ENOMEM "$process" "$call" "$number" runc create web
 *           check
 *   done <steps
 *
 * A step is a process (0: the command, 1: the first one born after it, ...) and the how-many-th of
 * its system calls, which is the same in every run as long as nothing is random; where that call is
 * not NUMBER nonetheless, none fails. `list` writes those worth failing to a file: one for each
 * place in the program (the call and where it was called from), so that a loop counts once; none of
 * other programs that it starts; and none that cannot fail, or that nobody could notice failing. A
 * call that fails is not made. After it nothing is traced any more.
 *
 * Exit: the command's own status, 128 + N when a signal ended it · 99 there was no such step
 * · 2 misuse · 1 failed.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/str.h"
#include "tests/lib/tracer.h"

enum { NOT_REACHED = 99, FRAMES = 96 };

static const struct opt opts[] = { { 0 } };

static const struct usage usage = {
	.synopsis = "list FILE COMMAND [ARG]... | fail ERROR PROCESS CALL NUMBER COMMAND [ARG]...",
	.purpose = "Run COMMAND and let one of its system calls fail.",
	.opts = opts,
	.flags = OPT_STOP,
};

static const struct {
	const char *name;
	int value;
} errors[] = {
	{ "EACCES", EACCES }, { "EAGAIN", EAGAIN }, { "EBUSY", EBUSY },	  { "EEXIST", EEXIST },
	{ "EINVAL", EINVAL }, { "EIO", EIO },	    { "EMFILE", EMFILE }, { "ENOENT", ENOENT },
	{ "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC }, { "ENOSYS", ENOSYS }, { "EPERM", EPERM },
};

/* What has no error to give for what we ask of it, or (the last lines) does its work even then. */
static const uint64_t infallible[] = {
	SYS_alarm,
	SYS_brk,
	SYS_capget,
	SYS_arch_prctl,
	SYS_exit,
	SYS_exit_group,
	SYS_getegid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getpid,
	SYS_getppid,
	SYS_gettid,
	SYS_getuid,
	SYS_restart_syscall,
	SYS_rseq,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sched_yield,
	SYS_set_robust_list,
	SYS_set_tid_address,
	SYS_umask,
	SYS_clock_gettime,
	SYS_prlimit64,
	SYS_close,
	SYS_munmap,
};

static bool is_fallible(uint64_t nr)
{
	for (size_t i = 0; i < ARRAY_LEN(infallible); i++) {
		if (infallible[i] == nr)
			return false;
	}
	return true;
}

/* Where the program's own code is, wherever it was loaded and whatever libraries it has. Its file
 * is known by number: the name is another one once the process has another root, or the file has
 * none. */
static void find_text(pid_t pid, uint64_t text[2])
{
	char name[64], mode[8];
	_free_ char *line = NULL;
	size_t cap = 0;
	struct stat exe;
	uint64_t from, to, inode;
	FILE *maps;

	text[0] = text[1] = 0;
	snprintf(name, sizeof(name), "/proc/%d/exe", pid);
	if (stat(name, &exe) < 0)
		die("cannot find '%s'", name);
	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	maps = fopen(name, "re");
	if (!maps)
		die("cannot read '%s'", name);
	while (!text[1] && getline(&line, &cap, maps) > 0) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %" SCNu64, &from, &to, mode,
			   &inode) == 4 &&
		    mode[2] == 'x' && inode == exe.st_ino) {
			text[0] = from;
			text[1] = to;
		}
	}
	fclose(maps);
}

/* A place in the program, as a number: the call and every return address on the top of the stack.
 */
static uint64_t place_of(pid_t pid, unsigned int born, const struct __ptrace_syscall_info *info)
{
	uint64_t hash = 1469598103934665603ULL ^ info->entry.nr ^ (uint64_t)born << 32, text[2];

	find_text(pid, text);
	for (unsigned int i = 0; i < FRAMES; i++) {
		uint64_t at = info->stack_pointer + i * sizeof(long);
		uint64_t word = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, at, 0);

		if (word >= text[0] && word < text[1])
			hash = (hash ^ (word - text[0])) * 1099511628211ULL;
	}
	return hash;
}

struct places {
	uint64_t *v;
	size_t n;
};

static bool is_new(struct places *p, uint64_t place)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i] == place)
			return false;
	}
	p->v = xreallocarray(p->v, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = place;
	return true;
}

/* The next entry of a system call; NULL when the command has ended, with its status in *END. */
static struct tracee *next_call(struct tracer *t, struct __ptrace_syscall_info *info, int *end)
{
	for (;;) {
		pid_t pid;
		int status;
		struct tracee *who = tracer_wait(t, &pid, &status);

		if (!who && pid == t->root) {
			*end = status;
			return NULL;
		}
		if (who && t->started && tracer_is_call(pid, status, info) &&
		    info->op == PTRACE_SYSCALL_INFO_ENTRY) {
			who->calls++;
			return who;
		}
		if (who)
			tracer_continue(pid, status);
	}
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int list(const char *file, char **command)
{
	FILE *out = fopen(file, "we");
	struct __ptrace_syscall_info info;
	struct places places = { 0 };
	static struct tracer t;
	struct tracee *who;
	int end;

	if (!out)
		die("cannot write '%s'", file);
	tracer_start(&t, command);
	while ((who = next_call(&t, &info, &end))) {
		if (!who->foreign && is_fallible(info.entry.nr) &&
		    is_new(&places, place_of(who->pid, who->born, &info)))
			fprintf(out, "%u %llu %llu\n", who->born, (unsigned long long)who->calls,
				(unsigned long long)info.entry.nr);
		tracer_continue(who->pid, 0);
	}
	if (fclose(out))
		die("cannot write '%s'", file);
	tracer_let_go(&t);
	return exit_status(end);
}

/* WHO is about to make a call: it makes none, and is told ERROR. The end of the command, when it
 * came to that: its wait status, or -1. */
static int fail_call(struct tracer *t, pid_t who, int error)
{
	pid_t pid;
	int status;

	if (ptrace(PTRACE_POKEUSER, who, offsetof(struct user_regs_struct, orig_rax), -1L))
		die("cannot change a call of process %d", who);
	if (ptrace(PTRACE_SYSCALL, who, 0, 0))
		die("cannot continue process %d", who);
	do {
		struct tracee *other = tracer_wait(t, &pid, &status);

		if (!other && (pid == who || pid == t->root))
			return pid == t->root ? status : -1;
		if (other && pid != who)
			tracer_continue(pid, status);
	} while (pid != who);
	if (ptrace(PTRACE_POKEUSER, who, offsetof(struct user_regs_struct, rax), -(long)error))
		die("cannot change a result of process %d", who);
	tracer_detach(t, who);
	return -1;
}

static int wait_root(struct tracer *t, int end)
{
	int late = tracer_let_go(t);

	end = end == -1 ? late : end;
	while (end == -1 && waitpid(t->root, &end, 0) < 0) {
		if (errno != EINTR)
			die("cannot wait");
		end = -1;
	}
	return exit_status(end);
}

static int fail(int error, const uint64_t step[3], char **command)
{
	struct __ptrace_syscall_info info;
	static struct tracer t;
	struct tracee *who;
	int end;

	tracer_start(&t, command);
	while ((who = next_call(&t, &info, &end))) {
		if (who->born == step[0] && who->calls == step[1] && info.entry.nr == step[2]) {
			end = fail_call(&t, who->pid, error);
			return wait_root(&t, end);
		}
		tracer_continue(who->pid, 0);
	}
	tracer_let_go(&t);
	return NOT_REACHED;
}

static int error_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (str_eq(errors[i].name, name))
			return errors[i].value;
	}
	opt_misuse("unknown error '%s'", name);
}

int main(int argc, char **argv)
{
	uint64_t step[3];

	opt_program(argv[0]);
	argv += opt_parse(argc, argv, &usage);
	if (argv[0] && str_eq(argv[0], "list") && argv[1] && argv[2])
		return list(argv[1], argv + 2);
	if (!argv[0] || !str_eq(argv[0], "fail") || !argv[1] || !argv[2] || !argv[3] || !argv[4] ||
	    !argv[5])
		opt_misuse("need what to do, what it takes, and a command");
	for (int i = 0; i < 3; i++) {
		if (num_u64(argv[2 + i], UINT64_MAX, &step[i]))
			opt_misuse("not a number: '%s'", argv[2 + i]);
	}
	return fail(error_named(argv[1]), step, argv + 5);
}
