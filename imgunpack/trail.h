/* trail.h - a thread that hashes blobs behind whoever writes them.
 *
 * A blob belongs to the thread from trail_follow on, as far as hashing goes, until trail_settle
 * returns; meanwhile it may only be appended to (blob_append), and trail_follow called again.
 */
#ifndef IMGUNPACK_TRAIL_H
#define IMGUNPACK_TRAIL_H

#include "lib/blob.h"

struct trail;

/* Dies when there can be no thread. */
struct trail *trail_new(void);
/* Hash what B has now. */
void trail_follow(struct trail *t, struct blob *b);
/* Wait until that is done, and leave B alone. A failed read shows when the digest is asked for. */
void trail_settle(struct trail *t, struct blob *b);
void trail_free(struct trail *t);

#endif
