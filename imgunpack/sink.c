#include <pthread.h>
#include <string.h>

#include "imgunpack/pack.h"
#include "imgunpack/ring.h"
#include "lib/die.h"
#include "lib/mem.h"

/* Users of the ring. */
enum { HASHER, DEFLATER, GZIP_DEFLATERS = 2 };

/* One of the threads that compress. */
struct deflater {
	struct sink *sink;
	unsigned number;
	pthread_t thread;
	unsigned char *out;
};

/* One thread hashes what comes in, others compress it and pass it on, while the caller reads more.
 */
struct sink {
	tar_put *put;
	void *ctx;
	struct digest_state hash;
	uint64_t bytes; /* that crc is of */
	uint32_t crc;	/* gzip's; the hasher's, too */
	enum codec codec;
	struct ring *ring;
	struct ring_slot *slot; /* being filled; NULL: none yet */
	pthread_t hash_thread;
	struct deflater deflaters[GZIP_DEFLATERS];
	unsigned n_deflaters;
	pthread_mutex_t lock;
	pthread_cond_t next;
	uint64_t turn; /* the slot that is put next */
	int error;     /* of a deflater; read when the ring has stopped or the threads have ended */
};

static void give_up(struct sink *s)
{
	pthread_mutex_lock(&s->lock);
	if (!s->error)
		s->error = errno;
	pthread_cond_broadcast(&s->next);
	pthread_mutex_unlock(&s->lock);
	ring_stop(s->ring);
}

/* Put what became of slot N when those before it are out. */
static int put_in_turn(struct sink *s, uint64_t n, const void *data, size_t len)
{
	int result = -1;

	pthread_mutex_lock(&s->lock);
	while (s->turn != n && !s->error)
		pthread_cond_wait(&s->next, &s->lock);
	if (!s->error)
		result = s->put(s->ctx, data, len);
	s->turn++;
	pthread_cond_broadcast(&s->next);
	pthread_mutex_unlock(&s->lock);
	return result;
}

/* Whole slots, so that the output does not depend on how the input came in; each deflater its
 * share of them. */
static void *gzip_main(void *arg)
{
	struct deflater *d = arg;
	struct sink *s = d->sink;
	struct gzip *z = gzip_new();
	const struct ring_slot *slot;

	for (uint64_t n = 0; (slot = ring_next(s->ring, DEFLATER + d->number)); n++) {
		if (n % s->n_deflaters != d->number)
			continue;

		size_t len = gzip_block(z, slot->data, slot->len, d->out);

		if (put_in_turn(s, n, d->out, len) < 0) {
			give_up(s);
			break;
		}
	}
	gzip_free(z);
	return NULL;
}

static int stream_slot(struct deflater *d, struct deflate *z, const struct ring_slot *slot)
{
	struct sink *s = d->sink;
	struct codec_io io = { .in = slot ? slot->data : NULL, .nin = slot ? slot->len : 0 };
	bool last = !slot;
	int done;

	do {
		io.out = d->out;
		io.nout = RING_SLOT_BYTES;
		done = deflate_step(z, &io, last);
		if (done < 0 || s->put(s->ctx, d->out, RING_SLOT_BYTES - io.nout) < 0)
			return -1;
	} while (last ? !done : io.nin || !io.nout);
	return 0;
}

static void *stream_main(void *arg)
{
	struct deflater *d = arg;
	struct deflate *z = deflate_new(d->sink->codec);
	const struct ring_slot *slot;

	do {
		slot = ring_next(d->sink->ring, DEFLATER);
		if (stream_slot(d, z, slot) < 0) {
			give_up(d->sink);
			break;
		}
	} while (slot);
	deflate_free(z);
	return NULL;
}

static void *hasher_main(void *arg)
{
	struct sink *s = arg;
	const struct ring_slot *slot;

	while ((slot = ring_next(s->ring, HASHER))) {
		digest_add(&s->hash, slot->data, slot->len);
		if (s->codec == CODEC_GZIP)
			s->crc = gzip_crc(s->crc, slot->data, slot->len);
		s->bytes += slot->len;
	}
	return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	errno = pthread_create(thread, NULL, run, arg);
	if (errno)
		die("start a thread");
}

static void start_deflater(struct sink *s, unsigned i)
{
	struct deflater *d = &s->deflaters[i];

	*d = (struct deflater){ .sink = s,
				.number = i,
				.out = xmalloc(gzip_room(RING_SLOT_BYTES)) };
	start(&d->thread, s->codec == CODEC_GZIP ? gzip_main : stream_main, d);
}

static void put_head(struct sink *s)
{
	unsigned char head[GZIP_HEAD_BYTES];

	gzip_head(head);
	if (s->codec == CODEC_GZIP && s->put(s->ctx, head, sizeof(head)) < 0)
		s->error = errno;
}

struct sink *sink_open(enum codec codec, tar_put *put, void *ctx)
{
	struct sink *s = xcalloc(1, sizeof(*s));

	s->put = put;
	s->ctx = ctx;
	s->codec = codec;
	s->n_deflaters = codec == CODEC_GZIP ? GZIP_DEFLATERS : 1;
	s->ring = ring_new(DEFLATER + s->n_deflaters,
			   s->n_deflaters > 1 ? RING_BATCH_IN_TURN : RING_BATCH);
	digest_start(&s->hash);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->next, NULL);
	put_head(s);
	start(&s->hash_thread, hasher_main, s);
	for (unsigned i = 0; i < s->n_deflaters; i++)
		start_deflater(s, i);
	return s;
}

static void pass_on(struct sink *s)
{
	ring_put(s->ring);
	s->slot = NULL;
}

void *sink_room(struct sink *s, size_t *len)
{
	if (!s->slot && (s->slot = ring_empty(s->ring)))
		s->slot->len = 0;
	if (!s->slot) {
		errno = s->error;
		return NULL;
	}
	*len = RING_SLOT_BYTES - s->slot->len;
	return s->slot->data + s->slot->len;
}

void sink_filled(struct sink *s, size_t len)
{
	s->slot->len += len;
	if (s->slot->len == RING_SLOT_BYTES)
		pass_on(s);
}

int sink_put(void *sink, const void *data, size_t len)
{
	size_t room;
	void *to;

	while (len) {
		to = sink_room(sink, &room);
		if (!to)
			return -1;
		if (room > len)
			room = len;
		memcpy(to, data, room);
		sink_filled(sink, room);
		data = (const char *)data + room;
		len -= room;
	}
	return 0;
}

static void put_tail(struct sink *s)
{
	unsigned char tail[GZIP_TAIL_BYTES];

	gzip_tail(s->crc, s->bytes, tail);
	if (s->codec == CODEC_GZIP && !s->error && s->put(s->ctx, tail, sizeof(tail)) < 0)
		s->error = errno;
}

int sink_close(struct sink *s, struct digest *diff_id)
{
	if (s->slot)
		pass_on(s);
	ring_end(s->ring);
	for (unsigned i = 0; i < s->n_deflaters; i++) {
		pthread_join(s->deflaters[i].thread, NULL);
		free(s->deflaters[i].out);
	}
	pthread_join(s->hash_thread, NULL);
	put_tail(s);

	int error = s->error;

	digest_end(&s->hash, diff_id);
	pthread_cond_destroy(&s->next);
	pthread_mutex_destroy(&s->lock);
	ring_free(s->ring);
	free(s);
	return error ? set_errno(error) : 0;
}
