/* monitor.c - the life of one container, from the runtime's start to the last word about its end.
 */
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "lib/fd.h"
#include "lib/proc.h"
#include "shim/monitor.h"

enum { DRAIN_MS = 5000, CODE_UNKNOWN = 255 };

static const int watched_signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP };

/* Before the container exists: tell the face, and leave. */
static void fail(struct monitor *m, int status, const char *why, size_t len)
{
	m->state = TOLD;
	clients_close(m);
	control_close(m);
	console_close(&m->console);
	notify_close(m);
	stdio_close(m);
	m->ending.code = status;
	m->plan->face->failed(m, status, why, len);
	if (m->plan->on_exit_always)
		process_on_exit(m);
	loop_stop(&m->loop);
}

static void fail_errno(struct monitor *m, const char *what)
{
	char why[256];
	int n = snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));

	fail(m, 1, why, n < (int)sizeof(why) ? (size_t)n : sizeof(why) - 1);
}

static void signals_ready(struct source *src, uint32_t events _unused_)
{
	struct monitor *m = container_of(src, struct monitor, signals);
	struct signalfd_siginfo info;

	if (read(src->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		process_reap(m);
	else if (m->state == TOLD && m->plan->face->signalled)
		m->plan->face->signalled(m, (int)info.ssi_signo);
	else if (info.ssi_signo != SIGHUP || m->plan->foreground)
		process_signal(m, (int)info.ssi_signo);
}

static int watch_signals(struct monitor *m)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(watched_signals); i++)
		sigaddset(&set, watched_signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	m->signals.ready = signals_ready;
	m->signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return m->signals.fd < 0 ? -1 : loop_watch(&m->loop, &m->signals, EPOLLIN);
}

/* Is there a log that may yet deliver what it holds? It is given DRAIN_MS in all. */
static bool logs_hold_up(struct monitor *m)
{
	if (m->drained || !logging_pending(m))
		return false;
	if (!m->drain.due_ms)
		loop_alarm(&m->loop, &m->drain, DRAIN_MS);
	return true;
}

/* The end is known, the output is logged: let everybody know, in the order they rely on. */
static void tell_end(struct monitor *m)
{
	if (m->state != ENDED || logs_hold_up(m))
		return;
	m->state = TOLD;
	logging_finish(m);
	clients_close(m);
	control_close(m);
	input_close(m);
	notify_close(m);
	stdio_close(m);
	m->plan->face->ended(m, &m->ending);
	if (!m->held)
		process_on_exit(m);
	monitor_leave_if_done(m);
}

/* Somebody outlived the container with its output in hand. The end is told now; what they
 * still write is logged for as long as they hold it. */
static void grace_over(struct alarm *a)
{
	struct monitor *m = container_of(a, struct monitor, grace);

	if (m->fan.from)
		loop_alarm(&m->loop, a, m->plan->stall_ms);
	else
		tell_end(m);
}

static void drain_over(struct alarm *a)
{
	struct monitor *m = container_of(a, struct monitor, drain);

	m->drained = true;
	monitor_log_drained(m);
}

static void time_is_up(struct alarm *a)
{
	struct monitor *m = container_of(a, struct monitor, timeout);

	m->ending.timed_out = true;
	process_signal(m, SIGKILL);
}

void monitor_runtime_done(struct monitor *m, int wait_status)
{
	const struct stream *err = &m->streams[STREAM_ERR];
	int status = proc_exit_code(wait_status);

	console_close(&m->console);
	if (status == 0)
		m->pid = process_read_pid(m);
	if (m->pid <= 0) {
		stdio_drain(m);
		fail(m, status ? status : 1, err->buf + err->cut, err->used - err->cut);
		return;
	}
	m->state = RUNNING;
	clock_gettime(CLOCK_REALTIME, &m->ending.created);
	oom_watch(m);
	m->plan->face->created(m);
	stdio_release(m);
	m->timeout.ring = time_is_up;
	if (m->plan->timeout_s)
		loop_alarm(&m->loop, &m->timeout, m->plan->timeout_s * 1000);
}

void monitor_process_ended(struct monitor *m, int wait_status, bool known)
{
	clock_gettime(CLOCK_REALTIME, &m->ending.finished);
	m->ending.unknown = !known;
	m->ending.code = m->ending.timed_out ? -1
			 : known	     ? proc_exit_code(wait_status)
					     : CODE_UNKNOWN;
	m->ending.signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
	m->ending.oom = oom_happened(m);
	m->state = ENDED;
	m->pid = 0;
	loop_alarm(&m->loop, &m->timeout, -1);
	stdio_drain(m);
	if (!stdio_is_open(m))
		tell_end(m);
	else
		loop_alarm(&m->loop, &m->grace, m->plan->grace_ms);
}

void monitor_stream_ended(struct monitor *m)
{
	if (m->state == ENDED && !stdio_is_open(m) && !m->fan.from)
		tell_end(m);
	monitor_leave_if_done(m);
}

/* The grace for those who hold the output is over when its alarm is off. */
void monitor_log_drained(struct monitor *m)
{
	if (m->state == ENDED && !m->grace.due_ms && !m->fan.from)
		tell_end(m);
	monitor_leave_if_done(m);
}

void monitor_leave_if_done(struct monitor *m)
{
	if (m->state == TOLD && !m->held && !m->on_exit_pid && !stdio_is_open(m) &&
	    !logs_hold_up(m))
		loop_stop(&m->loop);
}

static void init(struct monitor *m, const struct plan *plan)
{
	m->plan = plan;
	m->grace.ring = grace_over;
	m->drain.ring = drain_over;
	m->process.fd = m->signals.fd = m->console.listener.fd = m->ctl.fd = m->notify.fd =
		m->oom.fd = m->listener.fd = m->input.fd = -1;
	m->oom_killer = (struct cgroup_oom)CGROUP_OOM_NONE;
	for (int i = 0; i < MAX_CLIENTS; i++)
		m->clients[i].src.fd = -1;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Everything a container needs from us before it is made. Returns what failed, or NULL. */
static const char *prepare(struct monitor *m, int child[3])
{
	if (loop_open(&m->loop) < 0 || watch_signals(m) < 0)
		return "start the event loop";
	logging_start(m);
	if (stdio_open(m, child) < 0)
		return "make the container's stdio";
	if (m->plan->tty && stdio_await_console(m) < 0)
		return "make the console socket";
	if (clients_listen(m) < 0)
		return "make the attach socket";
	if (control_open(m) < 0)
		return "make the control fifo";
	if (notify_open(m) < 0)
		return "make the notify socket";
	if (m->plan->face->listening)
		m->plan->face->listening(m);
	if (process_spawn(m, child) < 0)
		return "start the runtime";
	return NULL;
}

/* Our copies of the container's ends, and what was only passed through us. */
static void let_go(struct monitor *m, const int child[3])
{
	for (int i = 0; i < 3; i++)
		if (child[i] > 2)
			close(child[i]);
	for (unsigned i = 0; i < m->plan->preserve_fds && !m->plan->keep_preserved; i++)
		close((int)(3 + i));
}

int monitor_run(struct monitor *m, const struct plan *plan)
{
	int child[3] = { -1, -1, -1 };
	const char *failed;

	init(m, plan);
	oom_shield(m->oom_score);
	failed = prepare(m, child);
	if (failed)
		fail_errno(m, failed);
	else
		let_go(m, child);
	if (loop_run(&m->loop) < 0)
		return 1;
	return m->ending.code < 0 ? 255 : m->ending.code;
}

static const char *take_over(struct monitor *m, const struct orphan *o)
{
	if (loop_open(&m->loop) < 0 || watch_signals(m) < 0)
		return "start the event loop";
	logging_start(m);
	if (stdio_adopt(m, o->output) < 0)
		return "take the container's stdio";
	if (clients_listen(m) < 0)
		return "make the attach socket";
	if (control_open(m) < 0)
		return "make the control fifo";
	if (notify_open(m) < 0)
		return "make the notify socket";
	if (process_adopt(m, o) < 0)
		return "watch the container";
	return NULL;
}

int monitor_adopt(struct monitor *m, const struct plan *plan, const struct orphan *o)
{
	const char *failed;

	init(m, plan);
	oom_shield(m->oom_score);
	m->ending.created = o->created;
	failed = take_over(m, o);
	if (failed) {
		fail_errno(m, failed);
	} else {
		m->state = RUNNING;
		oom_watch(m);
		m->plan->face->created(m);
	}
	if (loop_run(&m->loop) < 0)
		return 1;
	return m->ending.code < 0 ? 255 : m->ending.code;
}
