/* nl_private.h - what the nl*.c files share; nobody else includes this.
 */
#ifndef LIB_NL_PRIVATE_H
#define LIB_NL_PRIVATE_H

#include "lib/nl.h"

struct nlmsghdr;

/* Start a message of the batch: a header, behind which the family's own goes. LABEL and NAME are
 * for nl_what. */
struct nlmsghdr *nl_message(struct nl *nl, int type, int flags, const char *label,
			    const char *name);
/* It is complete. */
void nl_finish(struct nl *nl, const struct nlmsghdr *h);
/* Send the batch as it is; nl_commit also waits for answers. */
_check_ int nl_send(struct nl *nl);
/* Remember what the failed message of answer H was to do. */
void nl_note_failure(struct nl *nl, const struct nlmsghdr *h);
/* Ask for all objects of a kind, whose own header has HEADER bytes; FN (mnl_cb_t) gets each. */
typedef int nl_dump_fn(const struct nlmsghdr *h, void *arg);
_check_ int nl_dump(struct nl *nl, int type, size_t header, nl_dump_fn *fn, void *arg);

#endif
