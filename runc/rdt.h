/* rdt.h - the container's group in resctrl: shares of caches and memory bandwidth (linux.intelRdt).
 *
 * LASH_RESCTRL names the tree instead of /sys/fs/resctrl, for tests. Functions report with die(),
 * but for rdt_remove.
 */
#ifndef RUNC_RDT_H
#define RUNC_RDT_H

#include "lib/spec.h"
#include "runc/state.h"

/* Find the group R asks for, recording in C what is to be made (rdt, rdt_made, rdt_monitor), which
 * the caller saves before rdt_make makes it. */
void rdt_choose(struct container *c, const struct spec_rdt *r);
/* Make the group, or check the one that is there (also, saving C, one that came to be meanwhile),
 * and set its shares. */
void rdt_make(struct container *c, const struct spec_rdt *r);
/* Put a process into the group C records; no-op where there is none. */
void rdt_join(const struct container *c, pid_t pid);
/* Remove what rdt_make made. 0, or -1 and errno. */
_check_ int rdt_remove(const struct container *c);

#endif
