#include <pthread.h>
#include <string.h>

#include "imgunpack/ring.h"
#include "lib/mem.h"

enum { BATCH = 4 };

/* Counters count slots since the start; slot N lives in slots[N % RING_SLOTS]. */
struct user {
	uint64_t done;
	uint64_t wants; /* sleeps until so many are made; 0: is awake */
	bool holding;	/* slot number done */
	pthread_cond_t woken;
};

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	bool maker_waits; /* for freed */
	bool ended, stopped;
	uint64_t made;
	unsigned n_users;
	struct user users[RING_USERS];
	struct ring_slot slots[RING_SLOTS];
	unsigned char memory[RING_SLOTS][RING_SLOT_BYTES];
};

struct ring *ring_new(unsigned n_users)
{
	struct ring *r = xmalloc(sizeof(*r)); /* not cleared: a small layer touches little of it */

	memset(r, 0, offsetof(struct ring, memory));
	r->n_users = n_users;
	for (size_t i = 0; i < RING_SLOTS; i++)
		r->slots[i].data = r->memory[i];
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->freed, NULL);
	for (size_t i = 0; i < r->n_users; i++)
		pthread_cond_init(&r->users[i].woken, NULL);
	return r;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_users; i++)
		pthread_cond_destroy(&r->users[i].woken);
	pthread_cond_destroy(&r->freed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static uint64_t used_slots(const struct ring *r)
{
	uint64_t oldest = r->made;

	for (size_t i = 0; i < r->n_users; i++)
		if (r->users[i].done < oldest)
			oldest = r->users[i].done;
	return r->made - oldest;
}

struct ring_slot *ring_empty(struct ring *r)
{
	struct ring_slot *s;

	pthread_mutex_lock(&r->lock);
	r->maker_waits = used_slots(r) == RING_SLOTS;
	while (r->maker_waits && !r->stopped)
		pthread_cond_wait(&r->freed, &r->lock);
	s = r->stopped ? NULL : &r->slots[r->made % RING_SLOTS];
	pthread_mutex_unlock(&r->lock);
	return s;
}

static void wake_users(struct ring *r, bool all)
{
	for (size_t i = 0; i < r->n_users; i++) {
		struct user *u = &r->users[i];

		if (!u->wants || (u->wants > r->made && !all))
			continue;
		u->wants = 0;
		pthread_cond_signal(&u->woken);
	}
}

static void wake_maker(struct ring *r)
{
	if (!r->maker_waits)
		return;
	r->maker_waits = false;
	pthread_cond_signal(&r->freed);
}

void ring_put(struct ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->made++;
	wake_users(r, false);
	pthread_mutex_unlock(&r->lock);
}

static void raise_flag(struct ring *r, bool *flag)
{
	pthread_mutex_lock(&r->lock);
	*flag = true;
	wake_users(r, true);
	wake_maker(r);
	pthread_mutex_unlock(&r->lock);
}

void ring_end(struct ring *r)
{
	raise_flag(r, &r->ended);
}

void ring_stop(struct ring *r)
{
	raise_flag(r, &r->stopped);
}

struct ring_slot *ring_next(struct ring *r, unsigned user)
{
	struct user *u = &r->users[user];

	pthread_mutex_lock(&r->lock);
	u->done += u->holding;
	if (used_slots(r) <= RING_SLOTS - BATCH)
		wake_maker(r);
	if (u->done == r->made && !r->ended && !r->stopped)
		u->wants = u->done + BATCH;
	while (u->wants)
		pthread_cond_wait(&u->woken, &r->lock);
	u->holding = u->done < r->made && !r->stopped;
	pthread_mutex_unlock(&r->lock);
	return u->holding ? &r->slots[u->done % RING_SLOTS] : NULL;
}
