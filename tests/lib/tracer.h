/* tracer.h - a command and all its descendants under ptrace, for tools that hurt it at a step.
 *
 * Failure: dies. One tracer a program: all it traces are its own children or theirs.
 */
#ifndef TESTS_LIB_TRACER_H
#define TESTS_LIB_TRACER_H

#include <sys/ptrace.h>
#include <sys/types.h>

#include "lib/base.h"

struct tracee {
	pid_t pid;
	unsigned int born; /* 0: the command, 1: the first process made after it, ... */
	bool foreign;	/* born as a copy of the command, it has executed another program since */
	uint64_t calls; /* how many system calls were entered; the user's to count */
};

struct tracer {
	pid_t root; /* the command */
	struct tracee *v;
	size_t n;
	unsigned int births;
	bool started; /* the command has been executed; before, it is still us */
};

/* Start ARGV, traced; the first stop is yet to come. */
void tracer_start(struct tracer *t, char **argv);
/* Wait for any tracee's next stop or end; WIFSTOPPED(*STATUS) tells which. Children are known from
 * their birth on. The dead are forgotten; the tracee of a stop is returned, valid until the next
 * call. */
struct tracee *tracer_wait(struct tracer *t, pid_t *pid, int *status);
/* Let one go on to its next system call's entry or exit. */
void tracer_continue(pid_t pid, int status);
/* Is the stop a system call's entry or exit? Fills INFO. */
bool tracer_is_call(pid_t pid, int status, struct __ptrace_syscall_info *info);
/* Stop tracing one that is stopped; it lives on. */
void tracer_detach(struct tracer *t, pid_t pid);
/* Stop tracing everybody else, who live on. The end of the command, when it came to that: its wait
 * status, or -1. */
int tracer_let_go(struct tracer *t);

#endif
