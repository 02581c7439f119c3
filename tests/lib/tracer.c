#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "tests/lib/tracer.h"

static struct tracee *find(struct tracer *t, pid_t pid)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].pid == pid)
			return &t->v[i];
	}
	return NULL;
}

static struct tracee *add(struct tracer *t, pid_t pid)
{
	struct tracee *old = find(t, pid);

	if (old)
		return old;
	t->v = xreallocarray(t->v, t->n + 1, sizeof(*t->v));
	t->v[t->n] = (struct tracee){ .pid = pid, .born = t->births++ };
	return &t->v[t->n++];
}

static void drop(struct tracer *t, pid_t pid)
{
	struct tracee *old = find(t, pid);

	if (old)
		*old = t->v[--t->n];
}

/* The signal to hand on, for a stop that is nothing but a signal on its way. */
static int signal_of(int status)
{
	int sig = WSTOPSIG(status);

	return status >> 16 || sig == (SIGTRAP | 0x80) || sig == SIGTRAP ? 0 : sig;
}

/* -1 once there is nobody to wait for. */
static pid_t wait_any(int *status)
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
static void note_child(struct tracer *t, pid_t pid, int status)
{
	unsigned long child;
	int event = status >> 16;

	if ((event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	     event == PTRACE_EVENT_CLONE) &&
	    !ptrace(PTRACE_GETEVENTMSG, pid, 0, &child))
		add(t, (pid_t)child);
}

void tracer_start(struct tracer *t, char **argv)
{
	const unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
				      PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
				      PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	int status;

	*t = (struct tracer){ .root = xfork() };
	if (!t->root) {
		/* The same addresses every time. A sanitizer's search for leaks is a tracer itself,
		 * and there can be one only. */
		personality(ADDR_NO_RANDOMIZE);
		setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
		raise(SIGSTOP);
		xexec(argv);
	}
	if (waitpid(t->root, &status, WUNTRACED) != t->root || !WIFSTOPPED(status))
		die("cannot start '%s'", argv[0]);
	if (ptrace(PTRACE_SEIZE, t->root, 0, options))
		die("cannot trace '%s'", argv[0]);
	add(t, t->root);
	kill(t->root, SIGCONT);
}

struct tracee *tracer_wait(struct tracer *t, pid_t *pid, int *status)
{
	struct tracee *who;
	bool executed;

	*pid = wait_any(status);
	if (*pid < 0)
		die("cannot wait");
	if (!WIFSTOPPED(*status)) {
		drop(t, *pid);
		return NULL;
	}
	add(t, *pid);
	note_child(t, *pid, *status);
	executed = *status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8);
	t->started = t->started || executed;
	who = find(t, *pid);
	who->foreign = who->foreign || (executed && *pid != t->root);
	return who;
}

void tracer_continue(pid_t pid, int status)
{
	if (ptrace(PTRACE_SYSCALL, pid, 0, (unsigned long)signal_of(status)) && errno != ESRCH)
		die("cannot continue process %d", pid);
}

bool tracer_is_call(pid_t pid, int status, struct __ptrace_syscall_info *info)
{
	/* It fails for who has just been killed by somebody else. */
	return WSTOPSIG(status) == (SIGTRAP | 0x80) &&
	       ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(*info), info) >= 0;
}

void tracer_detach(struct tracer *t, pid_t pid)
{
	ptrace(PTRACE_DETACH, pid, 0, 0);
	drop(t, pid);
}

/* Detached one by one, whatever they are in the middle of; EXITKILL would kill them. A child that
 * was killed at birth may have been seen ending before its parent's fork was: then it is noted but
 * no longer there. */
int tracer_let_go(struct tracer *t)
{
	int end = -1;

	for (size_t i = 0; i < t->n; i++)
		ptrace(PTRACE_INTERRUPT, t->v[i].pid, 0, 0);
	while (t->n) {
		int status;
		pid_t pid = wait_any(&status);

		if (pid < 0)
			break;
		if (WIFSTOPPED(status)) {
			note_child(t, pid, status);
			ptrace(PTRACE_DETACH, pid, 0, (unsigned long)signal_of(status));
		} else if (pid == t->root) {
			end = status;
		}
		drop(t, pid);
	}
	return end;
}
