/* sync.h - the channel between the parent of a launch and its child: one type byte and text a
 * message.
 *
 * The end of the channel is the other side's death, or, towards the parent, the child's execve.
 */
#ifndef RUNC_SYNC_H
#define RUNC_SYNC_H

#include "lib/base.h"
#include "lib/buf.h"

enum sync_type {
	SYNC_END = 0,	    /* the other side is gone */
	SYNC_BROKEN = -1,   /* reading failed: errno */
	SYNC_PID = 'P',	    /* child: the pid of init, text (when a stage made it) */
	SYNC_MAPPED = 'm',  /* parent: id maps are written */
	SYNC_NETNS = 'N',   /* child: its network is there, move the interfaces in */
	SYNC_MOVED = 'n',   /* parent: done */
	SYNC_MOUNTED = 'M', /* child: mounts are made, run the runtime's hooks */
	SYNC_HOOKED = 'h',  /* parent: done */
	SYNC_LISTENER =
		'S', /* child: a seccomp listener, text is its descriptor number, waits for TAKEN */
	SYNC_TAKEN = 's',   /* parent */
	SYNC_READY = 'R',   /* child: all but the execve is done */
	SYNC_GO = 'g',	    /* parent: go on */
	SYNC_ERROR = 'E',   /* child: what failed, text; then it exits */
	SYNC_WARNING = 'W', /* child: text */
};

_check_ int sync_pair(int fds[2]);
/* Only write(2) and read(2) are used: the child may be under its seccomp filter. */
_check_ int sync_send(int fd, enum sync_type type, const char *text);
/* The parent's, which has no text: the child may be dead, and that must not end us (EPIPE). */
_check_ int sync_answer(int fd, enum sync_type type);
/* The next message. TEXT is replaced; NULL drops it. */
enum sync_type sync_recv(int fd, struct buf *text);
/* As the child: wait for TYPE; leave quietly when the parent is gone, dies when that is not known.
 */
void sync_expect(int fd, enum sync_type type);

#endif
