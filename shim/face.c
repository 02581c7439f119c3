/* face.c - what `shim ID` tells its starter, and leaves in the container's directory. */
#include <fcntl.h>
#include <malloc.h>
#include <sys/file.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/proc.h"
#include "shim/ending.h"
#include "shim/events.h"
#include "shim/leave.h"
#include "shim/run.h"

static struct run *run_of(struct monitor *m)
{
	return container_of(m, struct run, monitor);
}

/* What the starter is told: an exit status and, if not 0, a message for stderr. */
static void report(struct run *r, int status, const char *text, size_t len)
{
	_buf_ struct buf msg = { 0 };

	if (r->report_fd < 0) {
		(void)!io_write(STDERR_FILENO, text, len);
		return;
	}
	buf_addc(&msg, (char)status);
	buf_add(&msg, text, len);
	(void)!io_write(r->report_fd, msg.data, msg.len);
	close(steal_fd(&r->report_fd));
}

static void tell_created(const struct run *r)
{
	struct event ev;

	event_begin(&ev, r->id, r->adopted ? "adopted" : "created");
	emit_int(&ev.j, "pid", r->monitor.pid);
	event_end(&ev, r->events_fd);
}

static void on_created(struct monitor *m)
{
	struct run *r = run_of(m);

	run_record_created(r);
	tell_created(r);
	again_start(r);
	if (r->ready_fd >= 0) {
		dprintf(r->ready_fd, "%d\n", m->pid);
		close(steal_fd(&r->ready_fd));
	}
	report(r, 0, "", 0);
	malloc_trim(0);
}

/* Made before, it was to run once more, and cannot. */
static void end_unmade(struct run *r, int status)
{
	r->monitor.ending.code = status;
	clock_gettime(CLOCK_REALTIME, &r->monitor.ending.finished);
	r->monitor.ending.created = r->monitor.ending.finished;
	run_end(r);
}

static void on_failed(struct monitor *m, int status, const char *why, size_t len)
{
	struct run *r = run_of(m);
	_buf_ struct buf msg = { 0 };

	if (r->again)
		end_unmade(r, status);
	else
		run_abandon(r);
	/* What the runtime said is passed on as it is, as a line. */
	if (!len)
		buf_addf(&msg, "%s: create container '%s': %s failed", die_get_name(), r->id,
			 r->runtime);
	buf_add(&msg, why, len);
	if (msg.data[msg.len - 1] != '\n')
		buf_addc(&msg, '\n');
	report(r, status, msg.data, msg.len);
}

static void tell_exit(const struct run *r, const struct ending *e)
{
	struct event ev;

	event_begin(&ev, r->id, "exit");
	emit_int(&ev.j, "exitCode", e->code);
	emit_int(&ev.j, "signal", e->signal);
	emit_bool(&ev.j, "oom", e->oom);
	if (e->unknown)
		emit_bool(&ev.j, "unknown", true);
	event_end(&ev, r->events_fd);
}

static void on_ended(struct monitor *m, const struct ending *e)
{
	struct run *r = run_of(m);

	again_ended(r);
	tell_exit(r, e);
	if (again_wanted(r, e) || tell_begin(r, e))
		return;
	(void)!ending_write(r->dirfd, m, e);
	flock(r->dirfd, LOCK_UN);
}

void run_end(struct run *r)
{
	struct monitor *m = &r->monitor;

	(void)!ending_write(r->again ? r->lock_fd : r->dirfd, m, &m->ending);
	flock(r->again ? r->lock_fd : r->dirfd, LOCK_UN);
	if (!m->held)
		return;
	m->held = false;
	loop_alarm(&m->loop, &r->back_off, -1);
	process_on_exit(m);
	monitor_leave_if_done(m);
}

/* While it is down for a moment, to be made again, or it is being told: the signal that would have
 * ended it does. */
static void on_signalled(struct monitor *m, int sig)
{
	struct run *r = run_of(m);

	if (m->held && sig != SIGHUP)
		run_end(r);
}

static void tell(struct monitor *m, const char *what)
{
	const struct run *r = run_of(m);
	struct event ev;

	event_begin(&ev, r->id, what);
	event_end(&ev, r->events_fd);
}

static void on_oom(struct monitor *m)
{
	tell(m, "oom");
}

static void on_ready(struct monitor *m)
{
	tell(m, "ready");
}

static void on_reaped(struct monitor *m, pid_t pid, int wait_status)
{
	if (!tell_reaped(run_of(m), pid))
		again_reaped(run_of(m), pid, wait_status);
}

static const struct face face = {
	.created = on_created,
	.failed = on_failed,
	.ended = on_ended,
	.signalled = on_signalled,
	.ready = on_ready,
	.reaped = on_reaped,
};

/* The OOM killer is watched only for those who want to know at once: it takes descriptors. */
static const struct face watching_face = {
	.created = on_created,
	.failed = on_failed,
	.ended = on_ended,
	.oom = on_oom,
	.signalled = on_signalled,
	.ready = on_ready,
	.reaped = on_reaped,
};

static int stay(struct run *r, const struct orphan *orphan)
{
	r->adopted = orphan;
	r->plan.face = r->events_fd >= 0 ? &watching_face : &face;
	return orphan ? monitor_adopt(&r->monitor, &r->plan, orphan)
		      : monitor_run(&r->monitor, &r->plan);
}

/* The starter's part: wait for the word of the monitor, pass it on. */
static int relay(const struct run *r, int fd)
{
	_buf_ struct buf msg = { 0 };

	if (io_read_all(fd, STREAM_BUF, &msg) < 0 || !msg.len)
		diex("create container '%s': the shim was killed", r->id);
	(void)!io_write(STDERR_FILENO, msg.data + 1, msg.len - 1);
	return (unsigned char)msg.data[0];
}

int run_launch(struct run *r, const struct orphan *orphan)
{
	int channel[2];

	if (r->foreground || r->again)
		return stay(r, orphan);
	if (pipe2(channel, O_CLOEXEC) < 0)
		die("make a pipe");
	malloc_trim(0);
	if (xfork() > 0) {
		close(channel[1]);
		return relay(r, channel[0]);
	}
	close(channel[0]);
	r->report_fd = channel[1];
	leave_starter(r->plan.passthrough);
	return stay(r, orphan);
}
