#include <pthread.h>

#include "imgunpack/trail.h"
#include "lib/die.h"
#include "lib/mem.h"

/* So much may the thread be behind. */
enum { BACKLOG = 8 };

struct piece {
	struct blob *blob;
	char *buffer;
	size_t len;
};

/* Counters count pieces since the start; piece N lives in pieces[N % max]. There are as many
 * buffers at most, so that it has room. */
struct trail {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, done;
	struct piece *pieces;
	uint64_t n_given, n_done;
	char **buffers; /* free ones */
	size_t n_buffers, n_made, max;
	bool stop;
};

static void free_buffer(struct trail *t, char *buffer)
{
	t->buffers[t->n_buffers++] = buffer;
	pthread_cond_signal(&t->done);
}

/* The next piece, and one of another blob behind it: two hashes take no longer than one. */
static size_t next_pieces(const struct trail *t, struct piece p[2])
{
	p[0] = t->pieces[t->n_done % t->max];
	if (t->n_given - t->n_done == 1)
		return 1;
	p[1] = t->pieces[(t->n_done + 1) % t->max];
	return p[1].blob == p[0].blob ? 1 : 2;
}

static void hash(const struct piece *p, size_t n)
{
	if (n == 1)
		blob_hash(p->blob, p->buffer, p->len);
	else
		digest_add_both(&p[0].blob->hash, p[0].buffer, p[0].len, &p[1].blob->hash,
				p[1].buffer, p[1].len);
}

static void *thread_main(void *arg)
{
	struct trail *t = arg;

	pthread_mutex_lock(&t->lock);
	for (;;) {
		while (!t->stop && t->n_done == t->n_given)
			pthread_cond_wait(&t->more, &t->lock);
		if (t->stop)
			break;

		struct piece p[2];
		size_t n = next_pieces(t, p);

		pthread_mutex_unlock(&t->lock);
		hash(p, n);
		pthread_mutex_lock(&t->lock);
		t->n_done += n;
		for (size_t i = 0; i < n; i++)
			free_buffer(t, p[i].buffer);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

struct trail *trail_new(size_t writers)
{
	struct trail *t = xcalloc(1, sizeof(*t));

	t->max = writers + BACKLOG;
	t->pieces = xcalloc(t->max, sizeof(*t->pieces));
	t->buffers = xcalloc(t->max, sizeof(*t->buffers));
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->more, NULL);
	pthread_cond_init(&t->done, NULL);
	errno = pthread_create(&t->thread, NULL, thread_main, t);
	if (errno)
		die("start a thread");
	return t;
}

char *trail_buffer(struct trail *t)
{
	char *buffer = NULL;

	pthread_mutex_lock(&t->lock);
	while (!t->n_buffers && t->n_made == t->max)
		pthread_cond_wait(&t->done, &t->lock);
	if (t->n_buffers)
		buffer = t->buffers[--t->n_buffers];
	else
		t->n_made++;
	pthread_mutex_unlock(&t->lock);
	return buffer ? buffer : xmalloc(TRAIL_BYTES);
}

void trail_give_back(struct trail *t, char *buffer)
{
	pthread_mutex_lock(&t->lock);
	free_buffer(t, buffer);
	pthread_mutex_unlock(&t->lock);
}

void trail_hash(struct trail *t, struct blob *b, char *buffer, size_t len)
{
	pthread_mutex_lock(&t->lock);
	t->pieces[t->n_given++ % t->max] = (struct piece){ b, buffer, len };
	pthread_cond_signal(&t->more);
	pthread_mutex_unlock(&t->lock);
}

static bool is_waiting(const struct trail *t, const struct blob *b)
{
	for (uint64_t i = t->n_done; i < t->n_given; i++)
		if (t->pieces[i % t->max].blob == b)
			return true;
	return false;
}

void trail_settle(struct trail *t, const struct blob *b)
{
	pthread_mutex_lock(&t->lock);
	while (is_waiting(t, b))
		pthread_cond_wait(&t->done, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

void trail_free(struct trail *t)
{
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->more);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->more);
	pthread_cond_destroy(&t->done);
	pthread_mutex_destroy(&t->lock);
	for (size_t i = 0; i < t->n_buffers; i++)
		free(t->buffers[i]);
	free(t->buffers);
	free(t->pieces);
	free(t);
}
