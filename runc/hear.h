/* hear.h - the parent's side of sync.h: what the child of a launch says, and who ends by it.
 *
 * What it says went wrong is reported with die(), as is anything that is not in its turn.
 */
#ifndef RUNC_HEAR_H
#define RUNC_HEAR_H

#include "runc/launch.h"

/* The child's next message that is not merely told. */
enum sync_type hear(const struct launch *l, struct buf *text);
/* The first one, which may have come in hear_stage. */
enum sync_type hear_first(const struct launch *l, struct buf *text);
/* Wait for a stage to tell who it gave birth to, which is L's process from then on. Its child may
 * have said something before that. */
void hear_stage(struct launch *l);
/* Let the child go on. Who cannot be answered any more may have said why. */
void hear_answer(const struct launch *l, enum sync_type type);
/* It is gone before its time. */
_noreturn_ void hear_no_more(const struct launch *l);

#endif
