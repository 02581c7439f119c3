/* proc.h - processes: identity, waiting, starting.
 *
 * A process is known by its pidfd while we run and by pid + start time on disk (the start time is
 * field 22 of /proc/PID/stat, in clock ticks since boot). Failure: -1 and errno; ESRCH means gone.
 */
#ifndef LIB_PROC_H
#define LIB_PROC_H

#include <sys/types.h>

#include "lib/base.h"

struct proc_stat {
	char state; /* 'R', 'S', 'Z', ... */
	pid_t ppid;
	uint64_t start_ticks;
	bool dying; /* dead, on its way out or with SIGKILL pending */
};

_check_ int proc_read_stat(pid_t pid, struct proc_stat *st);
/* A pidfd of PID if it is still the process that started at START_TICKS and is no zombie; else -1,
 * ESRCH. */
_check_ int proc_open(pid_t pid, uint64_t start_ticks);
_check_ int proc_pidfd_open(pid_t pid);
_check_ int proc_pidfd_signal(int pidfd, int sig);

/* How a process that is no child of ours ended, as wait(2) would tell its parent: of a pidfd once
 * the process was reaped (since Linux 6.15), or of a zombie that nobody has reaped yet. ENODATA: it
 * is not known. */
_check_ int proc_pidfd_status(int pidfd, int *wstatus);
_check_ int proc_zombie_status(pid_t pid, uint64_t start_ticks, int *wstatus);

/* What wait(2) reported as an exit status of ours: the code, or 128 + the signal. */
int proc_exit_code(int wstatus);
/* waitpid until it ended, EINTR retried; returns the exit code as above. */
int proc_wait(pid_t pid);

/* How many processors we may use; at least 1. */
size_t proc_processors(void);

/* fork that cannot fail. */
pid_t xfork(void);
/* execvp that reports: 127 when not found, 126 when not executable. Signals blocked by us must be
 * unblocked before. */
_noreturn_ void xexec(char *const argv[]);
/* Unblock every signal and reset all dispositions to default, as a fresh program expects. */
void proc_reset_signals(void);
/* The same for a process that only execve follows, which resets all but what is ignored: SIGNALS,
 * one bit each from signal 1 on. proc_ignored_signals asks /proc for them; without it, it is all.
 */
void proc_default_signals(uint64_t signals);
uint64_t proc_ignored_signals(void);

/* Signal number of "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3"; -1 and EINVAL. */
int proc_signal_number(const char *s);
/* "TERM" for 15, or NULL. */
const char *proc_signal_name(int sig);

#endif
