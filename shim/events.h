/* events.h - what happens to a container, a JSON object a line, into a file or fifo.
 *
 *   {"time":"...","id":"web","event":"exit","exitCode":0,...}
 *
 * A line is one write; where nobody takes it, it is gone: an event never holds anything up.
 */
#ifndef SHIM_EVENTS_H
#define SHIM_EVENTS_H

#include "lib/emit.h"

struct event {
	struct buf text;
	struct emit j; /* for further members */
};

/* Open where events go to; a fifo without a reader is fine. Returns a descriptor or -1. */
int events_open(const char *path);

void event_begin(struct event *e, const char *id, const char *name);
/* Write it, if fd is not -1, and free it. */
void event_end(struct event *e, int fd);

#endif
