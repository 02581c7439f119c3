#include <pthread.h>

#include "imgunpack/feed.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/str.h"

/* Large enough that a lock a buffer costs nothing, small enough to stay in the cache between the
 * threads. */
enum { SLOTS = 16, SLOT_BYTES = 256 * 1024, RATIO_SLACK_BYTES = 64 << 20 };

struct slot {
	size_t len;
	unsigned char *data;
};

/* Counters count slots since the start; slot N lives in slots[N % SLOTS]. */
struct feed {
	struct feed_source source;
	struct slot slots[SLOTS];
	unsigned char *memory, *input;
	pthread_t decoder, hasher;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t made, hashed, read; /* read: slots the reader has given back */
	bool holding;		     /* the reader still uses slot number read */
	bool done;		     /* no more slots will be made */
	bool stop;		     /* nobody wants them any more */
	int error;
	const char *why;
	enum codec codec;
	uint64_t in_bytes, out_bytes;
	struct digest_state tar_hash;
	struct digest blob_digest;
};

static void fail(struct feed *f, int error, const char *why)
{
	pthread_mutex_lock(&f->lock);
	f->error = error;
	f->why = why;
	pthread_mutex_unlock(&f->lock);
}

/* Wait until a slot is free. NULL: stop. */
static struct slot *slot_to_fill(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	while (!f->stop && (f->made - f->read >= SLOTS || f->made - f->hashed >= SLOTS))
		pthread_cond_wait(&f->changed, &f->lock);

	struct slot *s = f->stop ? NULL : &f->slots[f->made % SLOTS];

	pthread_mutex_unlock(&f->lock);
	return s;
}

/* Wait for slot N. NULL: there is none any more. */
static struct slot *slot_to_use(struct feed *f, uint64_t n)
{
	pthread_mutex_lock(&f->lock);
	while (!f->stop && !f->done && f->made <= n)
		pthread_cond_wait(&f->changed, &f->lock);

	struct slot *s = f->made > n && !f->stop ? &f->slots[n % SLOTS] : NULL;

	pthread_mutex_unlock(&f->lock);
	return s;
}

static void count(struct feed *f, uint64_t *counter)
{
	pthread_mutex_lock(&f->lock);
	++*counter;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static void raise_flag(struct feed *f, bool *flag)
{
	pthread_mutex_lock(&f->lock);
	*flag = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

/* More of the blob into IO. 1, 0 at its end, -1. */
static int refill(struct feed *f, struct codec_io *io, struct digest_state *hash)
{
	ssize_t n;

	do
		n = read(f->source.fd, f->input, SLOT_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		fail(f, errno, "read");
		return -1;
	}
	if (*f->source.digest.text)
		digest_add(hash, f->input, (size_t)n);
	f->in_bytes += (uint64_t)n;
	if (f->in_bytes > (uint64_t)f->source.size) {
		fail(f, EBADMSG, "the blob is longer than its descriptor says");
		return -1;
	}
	io->in = f->input;
	io->nin = (size_t)n;
	return n > 0;
}

static int check_limits(struct feed *f)
{
	uint64_t ratio = f->source.max_ratio, bytes = f->out_bytes;

	if (f->source.max_bytes && bytes > f->source.max_bytes)
		fail(f, EBADMSG, "it unpacks to more than --max-size");
	else if (ratio && bytes > RATIO_SLACK_BYTES && bytes / ratio > f->in_bytes)
		fail(f, EBADMSG, "it unpacks to more than --max-ratio times its size");
	else
		return 0;
	return -1;
}

/* Fill one slot as far as the input goes. 1: there is more, 0: that was all, -1. */
static int fill_slot(struct feed *f, struct inflate *z, struct slot *s, struct codec_io *io,
		     struct digest_state *hash)
{
	int more = 1;

	io->out = s->data;
	io->nout = SLOT_BYTES;
	while (io->nout && more > 0) {
		if (!io->nin)
			more = refill(f, io, hash);
		if (more >= 0 && inflate_step(z, io) < 0) {
			fail(f, EBADMSG, "the compressed stream is broken");
			return -1;
		}
	}
	s->len = SLOT_BYTES - io->nout;
	f->out_bytes += s->len;
	if (more < 0 || check_limits(f) < 0)
		return -1;
	/* A slot filled to the brim may leave something in the decoder. */
	return more > 0 || !io->nout;
}

static void decode(struct feed *f, struct digest_state *hash)
{
	struct codec_io io = { 0 };
	int more = refill(f, &io, hash);

	if (more < 0)
		return;
	f->codec = codec_sniff(io.in, io.nin);

	struct inflate *z = inflate_new(f->codec);

	do {
		struct slot *s = slot_to_fill(f);

		more = s ? fill_slot(f, z, s, &io, hash) : -1;
		if (more >= 0 && s->len)
			count(f, &f->made);
	} while (more > 0);
	if (!more && !inflate_is_complete(z))
		fail(f, EBADMSG, "the compressed stream is truncated");
	inflate_free(z);
}

static void *decoder_main(void *arg)
{
	struct feed *f = arg;
	struct digest_state hash;

	digest_start(&hash);
	decode(f, &hash);
	digest_end(&hash, &f->blob_digest);
	raise_flag(f, &f->done);
	return NULL;
}

static void *hasher_main(void *arg)
{
	struct feed *f = arg;
	struct slot *s;

	digest_start(&f->tar_hash);
	while ((s = slot_to_use(f, f->hashed))) {
		digest_add(&f->tar_hash, s->data, s->len);
		count(f, &f->hashed);
	}
	return NULL;
}

struct feed *feed_open(const struct feed_source *source)
{
	struct feed *f = xcalloc(1, sizeof(*f));

	f->source = *source;
	f->why = "";
	f->memory = xmalloc((SLOTS + 1) * (size_t)SLOT_BYTES);
	f->input = f->memory + SLOTS * (size_t)SLOT_BYTES;
	for (size_t i = 0; i < SLOTS; i++)
		f->slots[i].data = f->memory + i * SLOT_BYTES;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	errno = pthread_create(&f->decoder, NULL, decoder_main, f);
	if (errno || (errno = pthread_create(&f->hasher, NULL, hasher_main, f)))
		die("start a thread");
	return f;
}

ssize_t feed_fill(void *feed, const unsigned char **data)
{
	struct feed *f = feed;

	if (f->holding)
		count(f, &f->read);
	f->holding = false;

	struct slot *s = slot_to_use(f, f->read);

	if (!s)
		return f->error ? set_errno(f->error) : 0;
	f->holding = true;
	*data = s->data;
	return (ssize_t)s->len;
}

static void join(struct feed *f)
{
	if (!f->decoder)
		return;
	pthread_join(f->decoder, NULL);
	pthread_join(f->hasher, NULL);
	f->decoder = 0;
}

int feed_finish(struct feed *f)
{
	struct digest tar;

	join(f);
	digest_end(&f->tar_hash, &tar);
	if (f->error)
		return set_errno(f->error);
	if (f->in_bytes != (uint64_t)f->source.size)
		f->why = "the blob is shorter than its descriptor says";
	else if (*f->source.digest.text && !str_eq(f->blob_digest.text, f->source.digest.text))
		f->why = "the blob is not what its digest says";
	else if (!str_eq(tar.text, f->source.diff_id.text))
		f->why = "the content is not what the image's diff_ids say";
	else
		return 0;
	return set_errno(EBADMSG);
}

const char *feed_why(const struct feed *f)
{
	return f->why;
}

enum codec feed_codec(const struct feed *f)
{
	return f->codec;
}

void feed_close(struct feed *f)
{
	if (!f)
		return;
	raise_flag(f, &f->stop);
	join(f);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f->memory);
	free(f);
}
