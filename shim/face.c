/* face.c - what `shim ID` tells its starter, and leaves in the container's directory. */
#include <fcntl.h>
#include <malloc.h>
#include <sys/file.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/proc.h"
#include "shim/ending.h"
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

static void on_created(struct monitor *m)
{
	struct run *r = run_of(m);

	run_record_created(r);
	if (r->ready_fd >= 0) {
		dprintf(r->ready_fd, "%d\n", m->pid);
		close(steal_fd(&r->ready_fd));
	}
	report(r, 0, "", 0);
	malloc_trim(0);
}

static void on_failed(struct monitor *m, int status, const char *why, size_t len)
{
	struct run *r = run_of(m);
	_buf_ struct buf msg = { 0 };

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

static void on_ended(struct monitor *m, const struct ending *e)
{
	struct run *r = run_of(m);

	(void)!ending_write(r->dirfd, m, e);
	flock(r->dirfd, LOCK_UN);
}

static const struct face face = { NULL, on_created, on_failed, on_ended };

static int stay(struct run *r, const struct orphan *orphan)
{
	r->plan.face = &face;
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

	if (r->foreground)
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
	monitor_detach(r->plan.passthrough);
	return stay(r, orphan);
}
