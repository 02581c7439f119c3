/* monitor.h - the parent of one container: its stdio, console, logs, clients, control and end.
 *
 * A face (shim, shim-conmon) fills a struct plan, and calls monitor_run in the process that is to
 * be the parent. Everything that changes lives in one struct monitor; each file looks after one
 * member. Until the face was told of the container, failures are told to the face; after that
 * nothing ends the monitor but the container's own end.
 */
#ifndef SHIM_MONITOR_H
#define SHIM_MONITOR_H

#include <signal.h>
#include <sys/types.h>

#include "lib/base.h"
#include "lib/cgroup_oom.h"
#include "shim/console.h"
#include "shim/ctl.h"
#include "shim/log.h"
#include "shim/loop.h"

enum {
	MAX_LOGS = 4,
	MAX_CLIENTS = 256,
	CHUNK = 64 * 1024,		   /* read from the container at once */
	STREAM_BUF = CHUNK + LOG_LINE_MAX, /* an unfinished line before it */
	INPUT_BUF = 32 * 1024,		   /* from a client at once */
	PACKET = 8192,			   /* to a client at once, behind one byte of header */
	OOM_SCORE_MAX = 8,
};

struct monitor;
struct ending;

/* How the monitor speaks to whatever started it. */
struct face {
	/* Clients can connect; the process is about to be made. May be NULL. */
	void (*listening)(struct monitor *m);
	/* The runtime is done and the process exists. */
	void (*created)(struct monitor *m);
	/* It does not: the runtime's exit status (or 1) and what it said. Nothing else will be
	 * called. */
	void (*failed)(struct monitor *m, int status, const char *why, size_t len);
	/* The process has ended, its output is logged, the clients are gone. */
	void (*ended)(struct monitor *m, const struct ending *e);
	/* The OOM killer was at work in it. May be NULL. */
	void (*oom)(struct monitor *m);
	/* A signal came while there is no process. May be NULL. */
	void (*signalled)(struct monitor *m, int sig);
	/* The container said that it is ready. May be NULL. */
	void (*ready)(struct monitor *m);
	/* A child that is none of the monitor's own has ended. May be NULL. */
	void (*reaped)(struct monitor *m, pid_t pid, int wait_status);
};

/* What is wanted; fixed before the monitor runs. Strings belong to the face. */
struct plan {
	const struct face *face;
	char **runtime;	       /* the command that makes the process, fully spelled */
	const char *pid_file;  /* where it leaves the pid; absolute */
	int start_fd;	       /* a byte from here, or its end, lets the runtime go; -1: at once */
	bool keep_preserved;   /* the face closes them itself */
	unsigned preserve_fds; /* descriptors 3, 4, ... that go on to it */
	pid_t listen_pid;      /* its LISTEN_PID is set if that was this or we; 0: in any case */

	bool tty;
	bool open_stdin;     /* a pipe that clients write to */
	bool any_eof;	     /* the first client to end its input ends the container's */
	bool keep_stdin;     /* no client's end does */
	bool flush_pieces;   /* log an unfinished line as it comes, not when it ends */
	bool sync_logs;	     /* see the logs onto the disk before the end is told */
	bool passthrough;    /* the container has our stdin, stdout, stderr */
	int stdin_fd;	     /* the container's stdin, if not -1 */
	int stdin_writer_fd; /* our end of it, if it is a fifo; else -1 */

	int dirfd;		 /* where the sockets and fifos are made */
	const char *attach_name; /* in dirfd; NULL: no attaching */
	const char *ctl_name;	 /* NULL: no control */
	const char *console_name;
	const char *stdio_name; /* a directory of fifos for stdout and stderr, which a monitor
				 * that takes over finds; NULL: pipes */
	char **console_slot; /* in runtime: replaced by the console socket's path; NULL without tty
			      */

	const char *notify_name; /* in dirfd: a socket for sd_notify; NULL: none */
	const char *notify_to;	 /* whom to hand it on to */

	char **on_exit;	     /* a command; NULL: none */
	bool on_exit_always; /* also when the process could not be made */
	int on_exit_delay_s;
	int stall_ms;	 /* how long a client may hold up the output before it is dropped */
	int grace_ms;	 /* how long output may be held open by others after the end */
	int timeout_s;	 /* kill the process after this; 0: never */
	bool foreground; /* SIGHUP is for the container */
};

/* How it ended. */
struct ending {
	int code; /* 0-255; 128+signal; -1: timed out */
	int signal;
	bool oom, timed_out;
	bool unknown; /* nobody knows the code */
	struct timespec created, finished;
};

/* A container that has lost its monitor. */
struct orphan {
	pid_t pid;
	uint64_t start_ticks;
	int pidfd;
	int output[N_STREAMS]; /* its pipes, ours to read; -1: lost */
	struct timespec created;
};

struct stream {
	struct source src;  /* our end of a pipe, or the pty's master */
	struct alarm again; /* a console without a slave may get one later */
	struct monitor *m;
	int number; /* STREAM_OUT, STREAM_ERR */
	char *buf;
	size_t unsent;	  /* at the end of buf: not yet given to clients */
	size_t cut, used; /* buf: logged up to cut, filled up to used */
	bool hot;	  /* its pipe was made larger */
	bool mid_line;
	struct stamp line_began; /* of the long line it is in the middle of */
};

struct client {
	struct source src; /* fd -1: a free place */
	struct monitor *m;
	size_t sent; /* of the piece of output under way */
	bool gave_input, input_ended;
};

struct monitor {
	const struct plan *plan;
	struct loop loop;
	enum { CREATING, RUNNING, ENDED, TOLD } state;
	bool held; /* by the face, which has more to do after the end */

	/* monitor.c, process.c */
	struct source signals;
	pid_t runtime_pid, pid, on_exit_pid;
	struct source process; /* a pidfd, of one that is no child of ours; fd -1: it is */
	uint64_t start_ticks;  /* of it */
	struct ending ending;
	struct alarm timeout;

	/* stdio.c */
	struct stream streams[N_STREAMS];
	struct alarm grace, idle;
	bool warm; /* buffers hold memory worth giving back */
	char oom_score[OOM_SCORE_MAX];

	/* the pty's socket and size; stdio.c has its master */
	struct console console;
	bool have_console;

	/* logging.c */
	struct log *logs[MAX_LOGS];
	unsigned n_logs;
	struct alarm drain; /* how long logs that hold records may hold up the end */
	bool drained;

	/* clients.c */
	struct source listener;
	struct alarm listen_again;
	struct client clients[MAX_CLIENTS];
	unsigned n_clients;
	struct {
		struct stream *from; /* NULL: nothing under way */
		const char *data;
		size_t len;
		struct alarm stalled;
	} fan;

	/* input.c */
	struct source input; /* the container's stdin; fd -1: ended or never there */
	char *input_buf;
	size_t input_off, input_len;
	bool input_wanted_end;

	/* control.c */
	struct source ctl;
	struct ctl_reader ctl_reader;

	/* notify.c */
	struct source notify;

	/* oom.c */
	struct cgroup_oom oom_killer;
	uint64_t oom_before, oom_told;
	struct source oom;
	struct alarm oom_again;
	int oom_looks;
};

/* Make the process and stay until it has ended and all is told. Returns the exit code for a face
 * that stays in the foreground. m is zeroed but for logs; the caller has forked, and has closed
 * what is not to be held. */
int monitor_run(struct monitor *m, const struct plan *plan);

/* As monitor_run, for a container that is there. */
int monitor_adopt(struct monitor *m, const struct plan *plan, const struct orphan *o);

/* process.c: the runtime, the container's first process, the on-exit command, helpers. */
int process_spawn(struct monitor *m, const int stdio[3]);
void process_reap(struct monitor *m);
int process_adopt(struct monitor *m, const struct orphan *o);
void process_signal(struct monitor *m, int sig);
pid_t process_read_pid(const struct monitor *m);
void process_on_exit(struct monitor *m);
/* A helper's program, as spawn.h has it. Returns its pid or -1. */
pid_t process_start(struct monitor *m, char *const argv[], const int stdio[3]);

/* monitor.c: what the other files report. */
void monitor_runtime_done(struct monitor *m, int wait_status);
void monitor_process_ended(struct monitor *m, int wait_status, bool known);
void monitor_stream_ended(struct monitor *m);
void monitor_log_drained(struct monitor *m);
void monitor_leave_if_done(struct monitor *m);

/* stdio.c: pipes and reading. stdio_release: what was held back during creation goes to the logs.
 */
int stdio_open(struct monitor *m, int child[3]);
int stdio_adopt(struct monitor *m, const int output[N_STREAMS]);
void stdio_close(struct monitor *m);
int stdio_watch(struct monitor *m, struct stream *s, int fd);
void stdio_release(struct monitor *m);
void stdio_drain(struct monitor *m);
bool stdio_is_open(const struct monitor *m);
void stdio_pause(struct monitor *m, bool pause);
void stdio_send(struct monitor *m);
int stdio_await_console(struct monitor *m);
void stdio_resize(struct monitor *m, unsigned rows, unsigned cols);

/* logging.c: records to every log. pending: some may still be delivered; finish: what is not is
 * lost; reaped: an ended child was a log's. */
void logging_start(struct monitor *m);
void logging_take(struct monitor *m, struct stream *s, bool flush);
void logging_flush(struct monitor *m);
void logging_reopen(struct monitor *m);
void logging_relax(struct monitor *m);
bool logging_pending(const struct monitor *m);
bool logging_reaped(struct monitor *m, pid_t pid, int wait_status);
void logging_finish(struct monitor *m);
void logging_abandon(struct monitor *m);

/* clients.c: clients, and what they are sent. */
int clients_listen(struct monitor *m);
void clients_send(struct monitor *m, struct stream *s, const char *data, size_t len);
void clients_watch(struct monitor *m);
void clients_close(struct monitor *m);

/* input.c: the container's stdin. */
bool input_take(struct monitor *m, int fd);
void input_end(struct monitor *m);
void input_close(struct monitor *m);

/* control.c */
int control_open(struct monitor *m);
void control_close(struct monitor *m);

/* notify.c: sd_notify's proxy. filter: cut what a container may not say; returns what is left. */
int notify_open(struct monitor *m);
void notify_close(struct monitor *m);
size_t notify_filter(char *text, size_t len);

/* oom.c */
void oom_shield(char saved[OOM_SCORE_MAX]);
void oom_unshield(const char saved[OOM_SCORE_MAX]);
void oom_watch(struct monitor *m);
bool oom_happened(struct monitor *m);

#endif
