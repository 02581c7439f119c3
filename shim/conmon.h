/* conmon.h - what conmon's command line asked for, and the pipes it is answered on.
 *
 * The interface is conmon 2.1's, with what 2.2 added. Numbers in comments are conmon's own.
 */
#ifndef SHIM_CONMON_H
#define SHIM_CONMON_H

#include "lib/str.h"
#include "shim/logsock.h"
#include "shim/monitor.h"

enum { INHERITED_MAX = 256 };

struct conmon {
	/* options */
	const char *cid, *cuuid, *name, *runtime, *bundle, *pid_file, *conmon_pid_file;
	const char *persist_dir, *exit_dir, *exit_command, *socket_dir, *restore, *exec_spec;
	const char *log_tag, *log_level, *sdnotify_socket;
	struct strv log_labels, log_dirs;
	struct strv logs, runtime_args, runtime_opts, exit_args;
	int64_t log_max_size, log_global_max_size;
	int log_max_files, timeout_s, exit_delay_s;
	bool api, exec, exec_attach, sync, tty, stdin, leave_stdin_open, full_attach,
		systemd_cgroup;
	bool no_pivot, no_new_keyring, log_rotate, no_partial_message, no_sync_log,
		replace_listen_pid, syslog;

	/* what follows from them */
	int sync_fd, start_fd, attach_fd; /* named by the environment; -1: none */
	int inherited[INHERITED_MAX];	  /* held for the caller until the end */
	size_t n_inherited;
	char *link;    /* socket_dir/cuuid; NULL: none */
	int bundle_fd; /* -1: none given */
	char console_name[32];
	struct strv command, on_exit;
	int say_rank; /* what is above is not for the system's log */
	struct logsock syslog_sock;
	struct plan plan;
	struct monitor monitor;
};

/* conmon_plan.c: command lines, logs, places. Ends the program on failure. */
void conmon_prepare(struct conmon *c);

/* conmon_sync.c: the pipes. Each record is one write of at most 4095 bytes. */
void conmon_pipes_open(struct conmon *c);
void conmon_await_start(struct conmon *c);
void conmon_tell_created(struct conmon *c, pid_t pid);
void conmon_tell_failed(struct conmon *c, const char *why, size_t len);
void conmon_tell_exit(struct conmon *c, const struct ending *e);
void conmon_tell_listening(struct conmon *c);

/* conmon_say.c: one message to the system's log, if --syslog was given and --log-level takes in
 * level (error, warning, info, debug); no longer than its patience. set_level: -1: no such level.
 */
int conmon_say_set_level(struct conmon *c, const char *name);
void conmon_say(struct conmon *c, const char *level, const char *fmt, ...) _printf_(3, 4);
void conmon_say_end(struct conmon *c, const struct ending *e);

/* conmon_end.c: exit and oom files. */
void conmon_record_end(struct conmon *c, const struct ending *e);

#endif
