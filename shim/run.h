/* run.h - what `shim ID` was asked for, and what becomes of it. */
#ifndef SHIM_RUN_H
#define SHIM_RUN_H

#include "lib/str.h"
#include "shim/monitor.h"

enum { STALL_MS = 1000, GRACE_MS = 250, LOG_FILES = 2 };

struct run {
	/* options */
	const char *bundle, *runtime, *runtime_root, *dir, *stdin_path, *on_exit;
	const char *log_tag, *syslog_format;
	struct strv logs, log_labels, runtime_args, create_args, on_exit_args;
	int64_t log_max_size;
	int log_max_files, ready_fd, preserve_fds, stall_ms;
	bool open_stdin, foreground;

	/* what follows from them */
	const char *id;
	bool tty, claimed; /* claimed: the directory is ours */
	char *place;	   /* its directory, absolute */
	int dirfd;	   /* which carries the lock */
	int report_fd;	   /* to the process that was started; -1: that is us */
	char *pid_file;
	struct strv command, on_exit_command;
	struct plan plan;
	struct monitor monitor;
};

/* From options to a plan: config, directory, logs, command lines. Ends the program on failure. */
void run_prepare(struct run *r);

#endif
