/* merge.h - linux.resources changed by an update, as trees. */
#ifndef RUNC_MERGE_H
#define RUNC_MERGE_H

#include "lib/json.h"

/* What must be known to apply PATCH alone, taken from OLD (NULL: nothing known): swap is counted
 * with memory, a quota means nothing without its period. */
void merge_complete(struct json *patch, const struct json *old);
/* Put what PATCH gives into OLD: objects member by member, lists of devices by major and minor,
 * everything else whole. Device rules are not an update's to change. */
void merge_into(struct json *old, const struct json *patch);

#endif
