/* run.h - what `shim ID` was asked for, and what becomes of it. */
#ifndef SHIM_RUN_H
#define SHIM_RUN_H

#include "lib/str.h"
#include "shim/monitor.h"
#include "shim/restart.h"

enum { STALL_MS = 1000, GRACE_MS = 250, LOG_FILES = 2 };

struct run {
	/* options */
	const char *bundle, *runtime, *runtime_root, *dir, *stdin_path, *on_exit, *sdnotify_socket,
		*events;
	const char *restart_policy, *again;
	const char *log_tag, *syslog_format;
	struct strv logs, log_labels, log_attrs, runtime_args, create_args, on_exit_args;
	int64_t log_max_size;
	int log_max_files, ready_fd, preserve_fds, stall_ms, lock_fd;
	bool open_stdin, foreground, keep_stdio, tell_runtime, log_compress;

	/* what follows from them */
	const char *id;
	bool tty, adopted;
	bool claimed;  /* claimed: the directory is ours */
	char *place;   /* its directory, absolute */
	int dirfd;     /* which carries the lock */
	int events_fd; /* -1: nobody wants to know */
	struct restart restart;
	struct alarm back_off; /* before it is made again, or is over */
	pid_t start_pid;       /* the runtime that starts it again */
	pid_t tell_pid;	       /* the runtime that is told */
	int report_fd;	       /* to the process that was started; -1: that is us */
	char *pid_file;
	struct strv command, on_exit_command;
	struct plan plan;
	struct monitor monitor;
};

/* run.c: options into the one struct run, which is returned; argv's first operand is the ID. Ends
 * the program on misuse. */
struct run *run_parse(int argc, char **argv);

/* prepare.c: from options to a plan: config, directory, logs, command lines. Both end the program
 * on failure. adopt: of a container that is there, its directory open and locked. */
void run_prepare(struct run *r);
void run_prepare_adopt(struct run *r);
/* The runtime and its global arguments, appended. */
void run_runtime(const struct run *r, struct strv *to);

/* describe.c: for those who come later, in files: how to reach the runtime, where the logs are,
 * our options. Returns 0 or -1. */
int run_describe(const struct run *r);
/* Who and what was made. */
void run_record_created(const struct run *r);
/* Nothing stays behind of what was never made: not the directory either, unless there is more of
 * somebody's in it. */
void run_abandon(struct run *r);

/* again.c: the same container once more, by the policy. begin: in a shim that was executed for it,
 * what is left of the former one goes. Returns whether the container is to run again, after which
 * nobody is told of its end. */
void again_begin(struct run *r);
bool again_wanted(struct run *r, const struct ending *e);
/* The same of one that ended without a monitor; returns only in the process that was started. */
bool again_orphaned(struct run *r, const struct ending *e);
void again_start(struct run *r);
void again_ended(struct run *r);
void again_reaped(struct run *r, pid_t pid, int wait_status);

/* tell.c: whether RUNTIME is our own, which can be told how a container ended. begin: false if it
 * is not to be told; else run_end follows, from the loop. reaped: whether PID was telling it. */
bool tell_is_ours(const char *runtime);
bool tell_begin(struct run *r, const struct ending *e);
bool tell_reaped(struct run *r, pid_t pid);

/* face.c: its end is final: record it, tell. */
void run_end(struct run *r);
/* be the monitor, here or (without --foreground) in a process of its own; orphan: of a
 * container that is there. Returns the exit status of the program, in both. */
int run_launch(struct run *r, const struct orphan *orphan);

#endif
