#include <pthread.h>
#include <string.h>

#include "imgunpack/trail.h"
#include "lib/die.h"
#include "lib/mem.h"

/* Waking a thread costs more than hashing less than this. */
enum { STEP_BYTES = 512 * 1024 };

struct followed {
	struct blob *blob;
	int64_t to; /* hash so far */
};

struct trail {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, done;
	struct followed *v;
	size_t n, cap;
	struct blob *busy; /* being hashed */
	bool stop;
};

static struct followed *find(struct trail *t, const struct blob *b)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].blob == b)
			return &t->v[i];
	return NULL;
}

static void forget(struct trail *t, struct followed *f)
{
	if (f)
		*f = t->v[--t->n];
}

/* Something to do, and how far, or NULL. */
static struct followed *next(struct trail *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].blob->hashed < t->v[i].to)
			return &t->v[i];
	return NULL;
}

/* Hash B, outside the lock. What cannot be read now is tried again by who asks for the digest. */
static void hash(struct trail *t, struct blob *b, int64_t to)
{
	int rc = 0;

	t->busy = b;
	pthread_mutex_unlock(&t->lock);
	while (!rc && b->hashed < to)
		rc = blob_hash(b, to);
	pthread_mutex_lock(&t->lock);
	t->busy = NULL;
	if (rc)
		forget(t, find(t, b));
	pthread_cond_signal(&t->done);
}

static void *thread_main(void *arg)
{
	struct trail *t = arg;

	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		struct followed *f = next(t);

		if (f)
			hash(t, f->blob, f->to);
		else
			pthread_cond_wait(&t->more, &t->lock);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

struct trail *trail_new(void)
{
	struct trail *t = xcalloc(1, sizeof(*t));

	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->more, NULL);
	pthread_cond_init(&t->done, NULL);
	errno = pthread_create(&t->thread, NULL, thread_main, t);
	if (errno)
		die("start a thread");
	return t;
}

static void add(struct trail *t, struct blob *b)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 8;
		t->v = xreallocarray(t->v, t->cap, sizeof(*t->v));
	}
	t->v[t->n++] = (struct followed){ b, b->bytes };
}

void trail_follow(struct trail *t, struct blob *b)
{
	struct followed *f;

	pthread_mutex_lock(&t->lock);
	f = find(t, b);
	if (!f && b->bytes - b->hashed >= STEP_BYTES) {
		add(t, b);
		pthread_cond_signal(&t->more);
	} else if (f && b->bytes - f->to >= STEP_BYTES) {
		f->to = b->bytes;
		pthread_cond_signal(&t->more);
	}
	pthread_mutex_unlock(&t->lock);
}

void trail_settle(struct trail *t, struct blob *b)
{
	struct followed *f;

	pthread_mutex_lock(&t->lock);
	while ((f = find(t, b)) && (t->busy == b || b->hashed < f->to))
		pthread_cond_wait(&t->done, &t->lock);
	forget(t, f);
	pthread_mutex_unlock(&t->lock);
}

void trail_free(struct trail *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->more);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->more);
	pthread_cond_destroy(&t->done);
	pthread_mutex_destroy(&t->lock);
	free(t->v);
	free(t);
}
