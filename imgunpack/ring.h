/* ring.h - buffers on their way from one thread to others, each of which sees all of them.
 *
 * The maker fills a slot and passes it on; each user takes the slots in order and gives one back
 * when it asks for the next. Who has to wait sleeps until there are a few slots to work on: waking
 * up costs more than a slot.
 */
#ifndef IMGUNPACK_RING_H
#define IMGUNPACK_RING_H

#include "lib/base.h"

/* A slot is large enough that a lock costs nothing, and all of them together small enough to stay
 * in the processor's cache. */
enum { RING_SLOT_BYTES = 256 * 1024, RING_SLOTS = 16, RING_USERS = 2 };

struct ring_slot {
	size_t len, raw_len;
	unsigned char *data;	  /* RING_SLOT_BYTES */
	const unsigned char *raw; /* the maker's, who may tell what the slot was made of */
};

struct ring;

/* For users 0 to N_USERS - 1, RING_USERS at most. Never fails. Nobody may use it any more when it
 * is freed. */
struct ring *ring_new(unsigned n_users);
void ring_free(struct ring *r);

/* The maker: a slot to fill; NULL once somebody has stopped the ring. */
struct ring_slot *ring_empty(struct ring *r);
/* Pass the slot on. */
void ring_put(struct ring *r);
/* Nothing more will come. */
void ring_end(struct ring *r);

/* USER: give back the slot taken before and wait for the next. NULL: that was all, or the ring was
 * stopped. */
struct ring_slot *ring_next(struct ring *r, unsigned user);
/* Nobody wants anything any more; for every thread. */
void ring_stop(struct ring *r);

#endif
