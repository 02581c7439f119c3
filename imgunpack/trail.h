/* trail.h - a thread that hashes blobs behind whoever writes them.
 *
 * Bytes are collected in the trail's buffers, each of TRAIL_BYTES: what curl hands over is too
 * little for a write, let alone for waking a thread. Who gave a buffer to trail_hash has it no
 * more. The blob's digest is the thread's from then on until trail_settle returns.
 */
#ifndef IMGUNPACK_TRAIL_H
#define IMGUNPACK_TRAIL_H

#include "lib/blob.h"

enum { TRAIL_BYTES = 256 * 1024 };

struct trail;

/* For WRITERS that fill a buffer each at a time. Dies when there can be no thread. */
struct trail *trail_new(size_t writers);
/* An empty buffer, waiting for one. */
char *trail_buffer(struct trail *t);
/* It is not needed after all. */
void trail_give_back(struct trail *t, char *buffer);
/* Hash LEN bytes of BUFFER, which are appended to B. */
void trail_hash(struct trail *t, struct blob *b, char *buffer, size_t len);
/* Wait until all of B is hashed. */
void trail_settle(struct trail *t, const struct blob *b);
void trail_free(struct trail *t);

#endif
