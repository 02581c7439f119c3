/* v2.h - containerd's shim: one server, its connections, its containers and their processes.
 *
 * One process and one loop look after every container of a pod. Nothing waits: what takes time is a
 * job, a child whose end calls a function (the runtime's verbs, mounting), and a request is
 * answered when its job is done, or, for Wait, when its process has ended. Output goes from the
 * container's pipes to containerd's fifos by splice(2), so the data path has neither buffers nor
 * allocation. Whatever is asked or goes wrong, only Shutdown, with no container left, ends the
 * server.
 */
#ifndef SHIM_V2_H
#define SHIM_V2_H

#include <sys/types.h>
#include <time.h>

#include "lib/base.h"
#include "lib/cgroup_oom.h"
#include "shim/console.h"
#include "shim/loop.h"
#include "shim/ttrpc.h"
#include "shim/v2_proto.h"

#define V2_NAME "containerd-shim-lash-v2"
#define V2_SOCKETS "/run/containerd/s"
#define V2_RUNTIME_ROOT "/run/containerd/runc"

enum { V2_KILLED_STATUS = 137, V2_FAILED_STATUS = 255 };

struct server;
struct task;
struct proc;
struct job;

/* How we were called. */
struct v2_args {
	const char *ns, *id, *bundle, *grpc_address, *ttrpc_address, *publish_binary;
	bool debug;
};

/* ---- conversations ---- */

struct conn {
	struct source src;
	struct server *server;
	struct ttrpc_reader in;
	struct buf out;
	size_t sent;
	uint32_t last_stream;
	struct conn *next;
};

struct method;

/* A request until it is answered. */
struct call {
	struct server *server;
	struct conn *conn; /* NULL: whoever asked has gone */
	uint32_t stream;
	const struct method *method;
	struct task_request req;
	struct call *next; /* of all calls */
	struct call *next_waiter;
};

struct method {
	const char *name;
	const struct pb_schema *request;
	void (*serve)(struct call *c);
};

extern const struct method v2_methods[]; /* ends with { 0 } */

/* v2_conn.c. One of these ends the call. */
int conn_listen(struct server *s);
void call_reply(struct call *c, const struct pb_schema *schema, const void *msg);
void call_ok(struct call *c);
void call_fail(struct call *c, enum ttrpc_code code, const char *fmt, ...) _printf_(3, 4);

/* ---- children ---- */

typedef void job_done(struct job *j, int status);

/* A child, and what is to be done at its end. */
struct job {
	struct server *server;
	struct task *task; /* stays until the job is done; NULL: none */
	struct proc *proc;
	struct call *call;
	const char *what; /* "create failed", for its error */
	job_done *done;
	bool makes; /* a process that will be our child may come of it */
	pid_t pid;
	int outfd, logfd; /* memory files: what it wrote; the runtime's log */
	int specfd;	  /* one more of them; -1: none */
	struct job *next;
};

/* v2_job.c. A job_* that cannot begin calls done at once, from within. */
struct job *job_new(struct server *s, struct call *c, struct task *t, job_done *done);
/* ARGV to be run; 0, 1, 2 from STDIO, where -1 is /dev/null and, for 1 and 2, what job_output
 * reads. */
void job_run(struct job *j, char *const *argv, const int stdio[3]);
/* FN in a child of ours; what it says by die() is the job's output. */
void job_fork(struct job *j, void (*fn)(struct job *j));
/* Everything it wrote to the memory file. */
int job_read(int fd, struct buf *out);
/* What went wrong, in the words of the runtime; a malloc'd line. */
char *job_error(const struct job *j);
/* Whether PID was a job, whose function was called. */
bool job_reaped(struct server *s, pid_t pid, int status);
/* Some process may become our child that we do not know yet. */
bool jobs_make(const struct server *s);
/* waitpid for each job alone. */
void jobs_poll(struct server *s);
/* A memory file that holds DATA, at its start; -1 and errno. */
int memfile(const char *name, const void *data, size_t len);
/* How other processes open it while we have it; malloc'd. */
char *memfile_path(int fd);

/* ---- output and input ---- */

/* From one descriptor to another, as long as both want. Lives on its own: a process that has
 * ended may leave behind somebody who still writes. */
struct pump {
	struct source from, to;
	struct alarm again; /* a console without a user may get one later */
	struct server *server;
	struct proc *proc; /* NULL: it is gone, and what comes is dropped */
	bool is_input, is_console, is_file;
	bool at_end; /* input: no more will be written to it */
	struct pump *next;
};

struct pumps {
	struct pump *in, *out, *err;
};

/* v2_pump.c. FROM and TO are the pump's from now on. */
struct pump *pump_new(struct proc *p, int from, int to);
void pump_start(struct pump *u);
/* The process has ended: take what there is; a console's end is final now. */
void pumps_settle(struct proc *p);
/* All output that was there has been handed on. */
bool pumps_drained(const struct proc *p);
/* Let go of containerd's ends; what is still written to ours is dropped. */
void pumps_release(struct proc *p);

/* What a process gets as 0, 1 and 2; -1: /dev/null. */
struct stdio {
	int fd[3];
};

/* ---- containers ---- */

enum status {
	STATUS_UNKNOWN,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_STOPPED,
	STATUS_PAUSED,
	STATUS_PAUSING
};

struct proc {
	struct task *task;
	char *exec_id; /* "" for the container's first */
	enum status status;
	bool busy;   /* what makes, starts or deletes it is under way */
	bool unseen; /* it has ended, but that is not told yet */
	pid_t pid;
	int wait_status;
	uint32_t exit_status;
	struct timespec exited_at;
	char *stdin, *stdout, *stderr;
	bool terminal, input_ended;
	struct pb_bytes spec; /* of an exec */
	struct stdio io;      /* until it is made */
	struct pumps pumps;

	/* terminals */
	struct console console;
	char console_name[32];
	int tty_in, tty_out; /* containerd's ends, until the master comes */

	/* v2_logger.c */
	pid_t logger_pid;
	struct source logger_ready;
	struct alarm logger_late;
	void (*logger_next)(struct proc *p, const char *why);

	struct call *maker;   /* Create, or an exec's Start */
	struct call *deleter; /* Delete, while output is drained */
	struct alarm patience;
	int waited_ms;
	struct call *waiters; /* Wait */
	struct proc *next;
};

struct oom {
	struct source src; /* the killer's bell; fd -1: none */
	struct cgroup_oom killer;
	uint64_t kills;
};

struct task {
	struct server *server;
	char *id, *bundle, *pid_file;
	int bundlefd;
	struct runc_options options;
	char *checkpoint; /* it begins there */
	struct pb_list rootfs;
	bool own_pids; /* its first process takes all others along */
	bool mounted, paused, killing, deleted;
	struct proc init; /* exec_id "" */
	struct proc *execs;
	struct oom oom;
	unsigned jobs;
	struct task *next;
};

/* What Delete answered, should it be asked again. */
struct tombstone {
	char *id;
	struct task_reply reply;
	struct tombstone *next;
};

/* ---- events ---- */

struct event {
	struct event *next;
	char *topic;
	struct pb_bytes any;	 /* the Any alone, for `containerd publish` */
	struct pb_bytes forward; /* the whole request */
};

struct publisher {
	struct source src;
	struct server *server;
	struct ttrpc_reader in;
	struct event *first, **last;
	unsigned n, tries;
	uint32_t stream;
	bool asked; /* the first is on its way */
	bool lost;  /* containerd was away */
	size_t sent;
	struct buf out;
	struct alarm again;
};

struct ending;

struct server {
	struct v2_args args;
	struct loop loop;
	struct source signals, listener;
	int logfd;    /* the bundle's log fifo; -1: nobody wants it */
	char *socket; /* its path, and what is to be found there */
	dev_t socket_dev;
	ino_t socket_ino;
	struct conn *conns;
	struct call *calls;
	struct job *jobs;
	struct pump *pumps;
	struct task *tasks;
	struct tombstone *tombs;
	struct ending *endings;
	struct publisher events;
	struct alarm lonely, accept_again;
	unsigned n_consoles;
	bool leaving;
	char *copy; /* for files, which splice cannot append to */
};

/* v2_server.c: what `start` leaves behind. LISTENER is bound and listening. Returns main's status.
 */
int server_run(const struct v2_args *args, int listenerfd, const char *socket);
/* A line for containerd's log. */
void server_warn(struct server *s, const char *fmt, ...) _printf_(2, 3);
/* Take no more connections; end once all events are told. Whoever comes now gets a new server. */
void server_leave(struct server *s);
void server_leave_if_done(struct server *s);

/* v2_event.c */
void event_publish(struct server *s, const char *topic, const char *type,
		   const struct pb_schema *schema, const struct task_event *e);
void publisher_begin(struct server *s);

/* v2_oom.c */
void oom_begin(struct task *t);
void oom_forget(struct task *t);

/* v2_mount.c; the first and the last in a child: what fails ends it with a message. */
void mounts_make(const struct task *t);
/* Take everything off BUNDLE/rootfs; nothing there is fine. Returns 0 or -1. */
_check_ int mounts_remove(const char *bundle);
void mounts_xremove(const char *bundle);

/* v2_task.c */
struct task *task_find(struct server *s, const char *id);
/* What a call is about; fails the call and returns NULL when there is none. */
struct task *call_task(struct call *c);
struct proc *call_proc(struct call *c);
/* The live process of that number, or NULL. */
struct proc *proc_of_pid(struct server *s, pid_t pid);
bool proc_is_alive(const struct proc *p);
void proc_init(struct proc *p, struct task *t, const char *exec_id, const struct task_request *req);
void proc_free(struct proc *p);
/* Take it out of the server; it is freed once nothing refers to it any more. */
void task_remove(struct task *t);
void task_let_go(struct task *t);
struct stamp_pb stamp_of(const struct timespec *ts);

/* v2_exit.c */
/* SIGCHLD: collect whoever can be. */
void exits_collect(struct server *s);
/* Tell of those of T whose turn has come. */
void exits_tell(struct task *t);
/* It ends with this status now, told or not. */
void proc_ended(struct proc *p, int exit_status);
void proc_answer_wait(const struct proc *p, struct call *c);

/* v2_delete.c: P, or some of its output, has come to its end: go on with its Delete, if one waits.
 */
void delete_go_on(struct proc *p);
/* Forget what was answered for a former container of that id. */
void tombs_clear(struct server *s, const char *id);

/* the handlers, a file each topic */
void serve_create(struct call *c);
void serve_start(struct call *c);
void serve_delete(struct call *c);
void serve_exec(struct call *c);
void serve_kill(struct call *c);
void serve_wait(struct call *c);
void serve_state(struct call *c);
void serve_pids(struct call *c);
void serve_pause(struct call *c);
void serve_resume(struct call *c);
void serve_checkpoint(struct call *c);
void serve_update(struct call *c);
void serve_stats(struct call *c);
void serve_connect(struct call *c);
void serve_shutdown(struct call *c);
void serve_resize(struct call *c);
void serve_close_io(struct call *c);

#endif
