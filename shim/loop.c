/* loop.c - one epoll loop. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "lib/clock.h"
#include "shim/loop.h"

int loop_open(struct loop *l)
{
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	l->stopped = false;
	l->alarms = l->ring_next = NULL;
	l->n_batch = 0;
	return l->epfd < 0 ? -1 : 0;
}

int loop_watch(struct loop *l, struct source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };
	int op = !events ? EPOLL_CTL_DEL : s->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (s->fd < 0 || s->events == events)
		return 0;
	if (epoll_ctl(l->epfd, op, s->fd, &ev) < 0)
		return -1;
	s->events = events;
	return 0;
}

void loop_close(struct loop *l, struct source *s)
{
	if (s->fd < 0)
		return;
	loop_watch(l, s, 0);
	close(s->fd);
	s->fd = -1;
	for (int i = 0; i < l->n_batch; i++)
		if (l->batch[i].data.ptr == s)
			l->batch[i].data.ptr = NULL;
}

void loop_alarm(struct loop *l, struct alarm *a, int delay_ms)
{
	a->due_ms = delay_ms < 0 ? 0 : clock_ms() + delay_ms;
	if (a->listed || delay_ms < 0)
		return;
	a->listed = true;
	a->next = l->alarms;
	l->alarms = a;
}

void loop_forget(struct loop *l, struct alarm *a)
{
	if (l->ring_next == a)
		l->ring_next = a->next;
	for (struct alarm **at = &l->alarms; *at; at = &(*at)->next)
		if (*at == a) {
			*at = a->next;
			break;
		}
	a->due_ms = 0;
	a->listed = false;
}

/* Milliseconds until the next alarm; -1 if none is set. */
static int loop_patience(const struct loop *l)
{
	int64_t first = 0, left;

	for (const struct alarm *a = l->alarms; a; a = a->next)
		if (a->due_ms && (!first || a->due_ms < first))
			first = a->due_ms;
	if (!first)
		return -1;
	left = first - clock_ms();
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void ring_due(struct loop *l)
{
	int64_t now;

	if (!l->alarms)
		return;
	now = clock_ms();
	for (struct alarm *a = l->alarms; a; a = l->ring_next) {
		l->ring_next = a->next;
		if (a->due_ms && a->due_ms <= now) {
			a->due_ms = 0;
			a->ring(a);
		}
	}
}

int loop_run(struct loop *l)
{
	while (!l->stopped) {
		int n = epoll_wait(l->epfd, l->batch, LOOP_BATCH, loop_patience(l));

		if (n < 0 && errno != EINTR)
			return -1;
		l->n_batch = n < 0 ? 0 : n;
		for (int i = 0; i < l->n_batch; i++) {
			struct source *s = l->batch[i].data.ptr;

			if (s)
				s->ready(s, l->batch[i].events);
		}
		l->n_batch = 0;
		ring_due(l);
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}
