/* ids.h - the containers below the root, by name: for verbs that take several. */
#ifndef RUNC_IDS_H
#define RUNC_IDS_H

#include "lib/str.h"

/* The ids that REGEX (extended, anywhere in the name; NULL: every one) matches, sorted. Exits when
 * it is no regular expression. */
void ids_find(struct strv *ids, const char *regex);
/* Do FN to each in a process of its own, so that one that fails keeps nobody else from it. Returns
 * 0, or 1 when any failed. */
int ids_each(const struct strv *ids, void (*fn)(const char *id));

#endif
