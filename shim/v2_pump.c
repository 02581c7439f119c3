/* v2_pump.c - copying between a process's pipes or terminal and containerd's fifos.
 *
 * splice(2) moves the pages; when nobody takes them, the process waits, as it would on a pipe of
 * its own. We hold both ends of each fifo, so that containerd may go and come back.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "lib/io.h"
#include "lib/mem.h"
#include "shim/v2.h"

enum {
	PIECE = 1024 * 1024,  /* the kernel moves what there is */
	CONSOLE_PIECE = 4096, /* it takes memory for this much, whatever there is */
	COPY = 64 * 1024,
	CONSOLE_AGAIN_MS = 100,
	ROUNDS = 64, /* a lively one must not keep the others waiting */
};

enum outcome { MOVED, FROM_WAITS, TO_WAITS, ENDED };

static void pump_free(struct pump *u)
{
	struct pump **at = &u->server->pumps;

	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	loop_close(&u->server->loop, &u->from);
	loop_close(&u->server->loop, &u->to);
	loop_forget(&u->server->loop, &u->again);
	free(u);
}

static struct pump **place_of(struct pump *u)
{
	struct pumps *of = &u->proc->pumps;

	return of->in == u ? &of->in : of->out == u ? &of->out : &of->err;
}

static void pump_end(struct pump *u)
{
	struct proc *p = u->proc;

	if (p)
		*place_of(u) = NULL;
	pump_free(u);
	if (p)
		delete_go_on(p);
}

static bool can_take(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLOUT | POLLERR);
}

/* A regular file takes all at once, or fails: then the container goes on, and its output is lost.
 */
static ssize_t move_to_file(struct pump *u)
{
	struct server *s = u->server;
	ssize_t n;

	if (!s->copy)
		s->copy = xmalloc(COPY);
	n = read(u->from.fd, s->copy, COPY);
	if (n > 0 && io_write(u->to.fd, s->copy, (size_t)n) < 0)
		server_warn(s, "write output of '%s': %s", u->proc ? u->proc->task->id : "?",
			    strerror(errno));
	return n;
}

static enum outcome pump_once(struct pump *u)
{
	ssize_t n = u->is_file ? move_to_file(u)
			       : splice(u->from.fd, NULL, u->to.fd, NULL,
					u->is_console ? CONSOLE_PIECE : PIECE,
					SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n > 0 || (n < 0 && errno == EINTR))
		return MOVED;
	if (n < 0 && errno == EAGAIN)
		return u->is_file || can_take(u->to.fd) ? FROM_WAITS : TO_WAITS;
	return ENDED;
}

static void pump_wait(struct pump *u, bool for_to)
{
	struct loop *l = &u->server->loop;

	loop_watch(l, &u->from, for_to ? 0 : EPOLLIN);
	loop_watch(l, &u->to, for_to ? EPOLLOUT : 0);
}

/* A console nobody has open may be opened again, as long as its process is there. */
static void console_unused(struct pump *u)
{
	if (!u->proc || u->proc->status == STATUS_STOPPED) {
		pump_end(u);
		return;
	}
	loop_watch(&u->server->loop, &u->from, 0);
	loop_alarm(&u->server->loop, &u->again, CONSOLE_AGAIN_MS);
}

static void pump_run(struct pump *u)
{
	for (int i = 0; i < ROUNDS; i++)
		switch (pump_once(u)) {
		case MOVED:
			break;
		case FROM_WAITS:
			pump_wait(u, false);
			return;
		case TO_WAITS:
			pump_wait(u, true);
			return;
		case ENDED:
			if (u->is_console && !u->is_input)
				console_unused(u);
			else
				pump_end(u);
			return;
		}
	/* Whom the loop does not watch it would not call again. */
	if (!u->from.events)
		loop_alarm(&u->server->loop, &u->again, 0);
}

static void from_ready(struct source *src, uint32_t events _unused_)
{
	pump_run(container_of(src, struct pump, from));
}

static void to_ready(struct source *src, uint32_t events _unused_)
{
	struct pump *u = container_of(src, struct pump, to);

	pump_wait(u, false);
	pump_run(u);
}

static void look_again(struct alarm *a)
{
	pump_run(container_of(a, struct pump, again));
}

struct pump *pump_new(struct proc *p, int from, int to)
{
	struct server *s = p->task->server;
	struct pump *u = xcalloc(1, sizeof(*u));

	*u = (struct pump){ .from = { .fd = from, .ready = from_ready },
			    .to = { .fd = to, .ready = to_ready },
			    .again.ring = look_again,
			    .server = s,
			    .proc = p,
			    .is_console = p->terminal,
			    .next = s->pumps };
	s->pumps = u;
	return u;
}

void pump_start(struct pump *u)
{
	/* A regular file as a source is always ready, and epoll does not know it. */
	if (loop_watch(&u->server->loop, &u->from, EPOLLIN) < 0)
		loop_alarm(&u->server->loop, &u->again, 0);
}

void pumps_settle(struct proc *p)
{
	struct pump *const all[] = { p->pumps.in, p->pumps.out, p->pumps.err };

	if (p->pumps.in)
		pump_end(all[0]);
	for (int i = 1; i < 3; i++)
		if (all[i])
			pump_run(all[i]);
}

static bool is_drained(struct pump *u)
{
	struct pollfd from;

	if (!u)
		return true;
	from = (struct pollfd){ .fd = u->from.fd, .events = POLLIN };
	return poll(&from, 1, 0) == 0;
}

bool pumps_drained(const struct proc *p)
{
	return is_drained(p->pumps.out) && is_drained(p->pumps.err);
}

/* Whoever still holds the process's output must not be killed by writing to it. */
static void release(struct pump **at)
{
	struct pump *u = *at;

	*at = NULL;
	if (!u)
		return;
	u->proc = NULL;
	loop_close(&u->server->loop, &u->to);
	u->to.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	u->is_file = false;
	if (u->is_input || u->is_console || u->to.fd < 0)
		pump_free(u);
	else
		pump_wait(u, false);
}

void pumps_release(struct proc *p)
{
	release(&p->pumps.in);
	release(&p->pumps.out);
	release(&p->pumps.err);
}
