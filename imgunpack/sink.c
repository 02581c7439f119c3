#include <pthread.h>
#include <string.h>

#include "imgunpack/pack.h"
#include "imgunpack/ring.h"
#include "lib/die.h"
#include "lib/mem.h"

enum { HASHER, DEFLATER };

/* One thread hashes what comes in, one compresses it and passes it on, while the caller reads more.
 */
struct sink {
	tar_put *put;
	void *ctx;
	struct deflate *deflate;
	struct digest_state hash;
	struct ring *ring;
	struct ring_slot *slot; /* being filled; NULL: none yet */
	pthread_t hash_thread, deflate_thread;
	int error; /* of the deflater; read when the ring has stopped or the thread has ended */
	unsigned char out[RING_SLOT_BYTES];
};

/* Compressing whole slots only makes the output independent of how the input came in. */
static int deflate_slot(struct sink *s, const struct ring_slot *slot)
{
	struct codec_io io = { .in = slot ? slot->data : NULL, .nin = slot ? slot->len : 0 };
	bool last = !slot;
	int done;

	do {
		io.out = s->out;
		io.nout = sizeof(s->out);
		done = deflate_step(s->deflate, &io, last);
		if (done < 0 || s->put(s->ctx, s->out, sizeof(s->out) - io.nout) < 0)
			return -1;
	} while (last ? !done : io.nin || !io.nout);
	return 0;
}

static void *deflater_main(void *arg)
{
	struct sink *s = arg;
	const struct ring_slot *slot;

	do {
		slot = ring_next(s->ring, DEFLATER);
		if (deflate_slot(s, slot) < 0) {
			s->error = errno;
			ring_stop(s->ring);
			return NULL;
		}
	} while (slot);
	return NULL;
}

static void *hasher_main(void *arg)
{
	struct sink *s = arg;
	const struct ring_slot *slot;

	while ((slot = ring_next(s->ring, HASHER)))
		digest_add(&s->hash, slot->data, slot->len);
	return NULL;
}

struct sink *sink_open(enum codec codec, tar_put *put, void *ctx)
{
	struct sink *s = xcalloc(1, sizeof(*s));

	s->put = put;
	s->ctx = ctx;
	s->deflate = deflate_new(codec);
	s->ring = ring_new();
	digest_start(&s->hash);
	errno = pthread_create(&s->hash_thread, NULL, hasher_main, s);
	if (errno || (errno = pthread_create(&s->deflate_thread, NULL, deflater_main, s)))
		die("start a thread");
	return s;
}

static void pass_on(struct sink *s)
{
	ring_put(s->ring);
	s->slot = NULL;
}

int sink_put(void *sink, const void *data, size_t len)
{
	struct sink *s = sink;

	while (len) {
		if (!s->slot && (s->slot = ring_empty(s->ring)))
			s->slot->len = 0;
		if (!s->slot)
			return set_errno(s->error);

		size_t room = RING_SLOT_BYTES - s->slot->len, n = room < len ? room : len;

		memcpy(s->slot->data + s->slot->len, data, n);
		s->slot->len += n;
		data = (const char *)data + n;
		len -= n;
		if (s->slot->len == RING_SLOT_BYTES)
			pass_on(s);
	}
	return 0;
}

int sink_close(struct sink *s, struct digest *diff_id)
{
	if (s->slot)
		pass_on(s);
	ring_end(s->ring);
	pthread_join(s->deflate_thread, NULL);
	pthread_join(s->hash_thread, NULL);

	int error = s->error;

	digest_end(&s->hash, diff_id);
	deflate_free(s->deflate);
	ring_free(s->ring);
	free(s);
	return error ? set_errno(error) : 0;
}
