/* rdt.h - the container's group in resctrl: shares of caches and memory bandwidth (linux.intelRdt).
 *
 * LASH_RESCTRL names the tree instead of /sys/fs/resctrl, for tests. Functions report with die(),
 * but for rdt_remove.
 */
#ifndef RUNC_RDT_H
#define RUNC_RDT_H

#include "lib/emit.h"
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
/* Set the shares L3 and MB (NULL: as they are) of C's group; dying puts back what was there, until
 * rdt_settle says that all that was to be changed is. */
void rdt_update(const struct container *c, const char *l3, const char *mb);
void rdt_settle(void);
/* rdt_stats.c: the object KEY of `events`, with what the group has, may have and uses. */
void rdt_emit(struct emit *e, const char *key, const struct container *c);
/* The tree, and a group in it ("": the default one), as O_PATH descriptors; -1 and errno. */
_check_ int rdt_open_tree(void);
_check_ int rdt_open_group(int rootfd, const char *name);
/* Remove what rdt_make made. 0, or -1 and errno. */
_check_ int rdt_remove(const struct container *c);

#endif
