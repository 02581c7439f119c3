/* ending.h - how a container's init ended: kept in ROOT/ID/exit.json, or still to be had from the
 * kernel.
 *
 * There is no daemon that would reap: init is a child of whoever made it. So the status is known
 * where somebody who was there wrote it down (`run --keep`, which reaps; `wait`, which holds a
 * pidfd; a shim that tells by `wait --ended`), and as long as init is a zombie. Linux 6.15 keeps it
 * for those who hold a pidfd, also once init was reaped.
 */
#ifndef RUNC_ENDING_H
#define RUNC_ENDING_H

#include "lib/emit.h"
#include "runc/state.h"

struct ending {
	int64_t code;	/* 128 + the signal's number where one killed it */
	char *signal;	/* "KILL"; NULL: it exited */
	bool oomKilled; /* the OOM killer took a process of the container */
	char *finished; /* RFC 3339; NULL: not known */
};

#define _ending_ __attribute__((cleanup(ending_free)))

void ending_free(struct ending *e);
/* Fill E from what wait(2) reports. */
void ending_of(const struct container *c, int wstatus, bool now, struct ending *e);
/* Write it down, unless somebody has; takes the lock. A container that was deleted meanwhile is no
 * failure. */
_check_ int ending_save(const struct container *c, const struct ending *e);
/* What is written down, or what the kernel has of a zombie. ENODATA: nobody knows any more. */
_check_ int ending_find(const struct container *c, struct ending *e);
/* The object "exit" of `state`. */
void ending_emit(struct emit *e, const struct ending *end);

#endif
