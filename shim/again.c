/* again.c - a container that ended is made again, by its restart policy.
 *
 * The shim executes itself, with the options it left in the container's directory: what happens
 * then is what happened the first time. Its pid, its lock on the directory and its own parent stay,
 * so for everybody outside it is one shim that goes on. `exit` is not there before it is over.
 */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/spawn.h"
#include "shim/events.h"
#include "shim/leave.h"
#include "shim/place.h"
#include "shim/run.h"

enum { OPTIONS_MAX = 1 << 20 };

static bool is_stopped(const struct run *r)
{
	return !faccessat(r->dirfd, PLACE_STOP, F_OK, 0);
}

/* "COUNT:DELAY", as the shim before us had it. */
static void read_history(struct run *r)
{
	_strv_ struct strv numbers = { 0 };

	strv_split(&numbers, r->again, ':');
	if (numbers.n != 2 || num_u32(numbers.v[0], &r->restart.count) < 0 ||
	    num_u32(numbers.v[1], &r->restart.delay_ms) < 0)
		diex("bad history '%s'", r->again);
}

/* RUNTIME [ARG]... WORD... ID, as a child; returns its pid. */
static pid_t spawn_runtime(const struct run *r, const char *verb, const char *option)
{
	_strv_ struct strv argv = { 0 };

	run_runtime(r, &argv);
	strv_add(&argv, verb);
	if (option)
		strv_add(&argv, option);
	strv_add(&argv, r->id);
	return spawn(argv.v, (const int[]){ 0, 1, 2 });
}

void again_begin(struct run *r)
{
	pid_t pid;

	/* Executed by its descriptor it would be called "exe". */
	prctl(PR_SET_NAME, "shim");
	read_history(r);
	/* Its end was seen; what is left of it is removed, whatever that takes. */
	pid = spawn_runtime(r, "delete", "--force");
	if (pid > 0)
		(void)!proc_wait(pid);
}

static _noreturn_ void execute(struct run *r)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv argv = { 0 };

	strv_add(&argv, "shim");
	if (file_read(r->dirfd, PLACE_OPTIONS, OPTIONS_MAX, &text) == 0 && text.len) {
		text.data[text.len - 1] = '\0';
		for (size_t at = 0; at < text.len; at += strlen(text.data + at) + 1)
			strv_add(&argv, text.data + at);
	}
	if (r->foreground)
		strv_add(&argv, "--foreground");
	strv_add(&argv, "--again");
	strv_take(&argv, xasprintf("%u:%u", r->restart.count, r->restart.delay_ms));
	strv_add(&argv, "--lock-fd");
	strv_take(&argv, xasprintf("%d", r->dirfd));
	strv_add(&argv, r->id);
	(void)!fd_set_cloexec(r->dirfd, false);
	oom_unshield(r->monitor.oom_score);
	execv("/proc/self/exe", argv.v);
	/* Not even that works any more: then it has ended. */
	(void)!fd_set_cloexec(r->dirfd, true);
	run_end(r);
	exit(1);
}

static void back_off_over(struct alarm *a)
{
	struct run *r = container_of(a, struct run, back_off);

	if (is_stopped(r))
		run_end(r);
	else
		execute(r);
}

static int64_t ran_ms(const struct ending *e)
{
	return (e->finished.tv_sec - e->created.tv_sec) * 1000LL +
	       (e->finished.tv_nsec - e->created.tv_nsec) / 1000000;
}

/* The delay before it is made again, which is told; -1: it is not. */
static int decide(struct run *r, const struct ending *e)
{
	int delay = is_stopped(r) ? -1 : restart_decide(&r->restart, e->code, ran_ms(e));
	struct event ev;

	if (delay < 0)
		return -1;
	event_begin(&ev, r->id, "restart");
	emit_int(&ev.j, "count", r->restart.count);
	emit_int(&ev.j, "delayMs", delay);
	event_end(&ev, r->events_fd);
	return delay;
}

bool again_wanted(struct run *r, const struct ending *e)
{
	int delay = decide(r, e);

	if (delay < 0)
		return false;
	r->monitor.held = true;
	r->back_off.ring = back_off_over;
	loop_alarm(&r->monitor.loop, &r->back_off, delay);
	return true;
}

bool again_orphaned(struct run *r, const struct ending *e)
{
	int delay = decide(r, e);

	if (delay < 0)
		return false;
	if (!r->foreground) {
		if (xfork() > 0)
			return true;
		leave_starter(r->plan.passthrough);
	}
	usleep((useconds_t)delay * 1000);
	execute(r);
}

void again_start(struct run *r)
{
	if (r->again)
		r->start_pid = spawn_runtime(r, "start", NULL);
}

static void tell_started(const struct run *r)
{
	struct event ev;

	event_begin(&ev, r->id, "started");
	event_end(&ev, r->events_fd);
}

void again_reaped(struct run *r, pid_t pid, int wait_status)
{
	if (pid != r->start_pid)
		return;
	r->start_pid = 0;
	if (proc_exit_code(wait_status) == 0) {
		tell_started(r);
		return;
	}
	/* Docker's rule: what cannot be started is not tried again. */
	r->restart.when = RESTART_NO;
	process_signal(&r->monitor, SIGKILL);
}

void again_ended(struct run *r)
{
	/* It was quicker than the runtime that started it. */
	if (r->start_pid > 0)
		tell_started(r);
	r->start_pid = 0;
}
