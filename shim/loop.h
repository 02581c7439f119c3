/* loop.h - one epoll loop: descriptors that become ready, alarms that fall due.
 *
 * A source is embedded in the struct that owns the descriptor; its ready function finds the
 * owner by container_of. Nothing is allocated. A source that is removed while events for it
 * are still in hand is not called again. Alarms are few, so they form a plain list.
 */
#ifndef SHIM_LOOP_H
#define SHIM_LOOP_H

#include <sys/epoll.h>

#include "lib/base.h"

struct source {
	int fd;		 /* -1: none */
	uint32_t events; /* EPOLL* asked for; 0: none, not even hang-ups */
	void (*ready)(struct source *, uint32_t events);
};

struct alarm {
	int64_t due_ms; /* on the monotonic clock; 0: not set */
	void (*ring)(struct alarm *);
	struct alarm *next;
	bool listed;
};

enum { LOOP_BATCH = 16 };

struct loop {
	int epfd;
	bool stopped;
	struct alarm *alarms, *ring_next;
	struct epoll_event batch[LOOP_BATCH];
	int n_batch;
};

/* Returns 0 or -1. */
int loop_open(struct loop *l);

/* Begin to watch s->fd, ask for other events, or with 0 pause. EPOLLHUP alone waits for the other
 * side to go. Returns 0 or -1 (EPERM: a regular file). */
int loop_watch(struct loop *l, struct source *s, uint32_t events);

/* Stop watching and close the descriptor. A source without one is left alone. */
void loop_close(struct loop *l, struct source *s);

/* Ring after delay_ms, in place of any earlier setting; a negative delay turns the alarm off. */
void loop_alarm(struct loop *l, struct alarm *a, int delay_ms);

/* Turn an alarm off for good: what it is part of may be freed, also while alarms ring. */
void loop_forget(struct loop *l, struct alarm *a);

/* Serve events until loop_stop. Returns 0, or -1 if epoll itself fails. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);

#endif
