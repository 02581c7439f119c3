#include <pthread.h>
#include <string.h>

#include "imgunpack/feed.h"
#include "imgunpack/ring.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { HASHER, READER, USERS };
enum { CHUNK = RING_SLOT_BYTES, RATIO_SLACK_BYTES = 64 << 20 };

/* What is read of a blob stays for the slot that is filled from it first; meanwhile another one can
 * be read for each slot there is, and one is being decompressed. */
enum { RAWS = RING_SLOTS + 1 };

struct feed {
	struct feed_source source;
	struct ring *ring;
	pthread_t decode_thread, hash_thread;
	pthread_mutex_t lock; /* of error and why */
	int error;
	const char *why;
	enum codec codec;
	struct inflate *inflate; /* once something was read */
	bool hashes_blob;
	uint64_t in_bytes, out_bytes, n_raws;
	struct digest_state blob_hash, tar_hash;
	unsigned char raws[RAWS][CHUNK];
};

static void fail(struct feed *f, int error, const char *why)
{
	pthread_mutex_lock(&f->lock);
	f->error = error;
	f->why = why;
	pthread_mutex_unlock(&f->lock);
}

/* More of the blob: how many bytes, 0 at its end, -1. */
static ssize_t read_blob(struct feed *f, void *to, size_t room)
{
	uint64_t left = (uint64_t)f->source.room - f->in_bytes;
	ssize_t n;

	if (f->source.room && room > left)
		room = (size_t)left;
	do
		n = pread(f->source.fd, to, room, f->source.offset + (off_t)f->in_bytes);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		fail(f, errno, "read");
		return -1;
	}
	f->in_bytes += (uint64_t)n;
	if (f->in_bytes > (uint64_t)f->source.size) {
		fail(f, EBADMSG, "the blob is longer than its descriptor says");
		return -1;
	}
	return n;
}

/* More of the blob into IO, which S tells of if the blob is hashed. 1, 0 at its end, -1. */
static int refill(struct feed *f, struct ring_slot *s, struct codec_io *io)
{
	unsigned char *to = f->raws[f->hashes_blob ? f->n_raws++ % RAWS : 0];
	ssize_t n = read_blob(f, to, CHUNK);

	if (n < 0)
		return -1;
	if (!f->inflate) {
		f->codec = codec_sniff(to, (size_t)n);
		f->inflate = inflate_new(f->codec);
	}
	s->raw = to;
	s->raw_len = f->hashes_blob ? (size_t)n : 0;
	io->in = to;
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

/* More of what needs no decoding, to where it is wanted. 1, 0 at its end, -1. */
static int pass(struct feed *f, struct codec_io *io)
{
	ssize_t n = read_blob(f, io->out, io->nout);

	if (n <= 0)
		return (int)n;
	io->out += n;
	io->nout -= (size_t)n;
	return 1;
}

/* Fill one slot as far as the input goes, of which a slot tells one piece. 1: there is more, 0:
 * that was all, -1. */
static int fill_slot(struct feed *f, struct ring_slot *s, struct codec_io *io)
{
	int more = 1;

	io->out = s->data;
	io->nout = CHUNK;
	s->raw_len = 0;
	while (io->nout && more > 0 && (io->nin || !s->raw_len)) {
		if (!io->nin && f->inflate && f->codec == CODEC_NONE && !f->hashes_blob) {
			more = pass(f, io);
			continue;
		}
		if (!io->nin)
			more = refill(f, s, io);
		if (more >= 0 && inflate_step(f->inflate, io) < 0) {
			fail(f, EBADMSG, "the compressed stream is broken");
			return -1;
		}
	}
	s->len = CHUNK - io->nout;
	f->out_bytes += s->len;
	if (more < 0 || check_limits(f) < 0)
		return -1;
	/* A slot filled to the brim may leave something in the decoder. */
	return more > 0 || !io->nout;
}

static void decode(struct feed *f)
{
	struct codec_io io = { 0 };
	int more;

	do {
		struct ring_slot *s = ring_empty(f->ring);

		more = s ? fill_slot(f, s, &io) : -1;
		if (more >= 0 && (s->len || s->raw_len))
			ring_put(f->ring);
	} while (more > 0);
	if (!more && !inflate_is_complete(f->inflate))
		fail(f, EBADMSG, "the compressed stream is truncated");
	inflate_free(f->inflate);
}

static void *decoder_main(void *arg)
{
	struct feed *f = arg;

	decode(f);
	ring_end(f->ring);
	return NULL;
}

static void *hasher_main(void *arg)
{
	struct feed *f = arg;
	const struct ring_slot *s;

	digest_start(&f->tar_hash);
	digest_start(&f->blob_hash);
	while ((s = ring_next(f->ring, HASHER)))
		digest_add_both(&f->tar_hash, s->data, s->len, &f->blob_hash, s->raw, s->raw_len);
	return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	errno = pthread_create(thread, NULL, run, arg);
	if (errno)
		die("start a thread");
}

/* Of a blob that is the tar itself one sum is both. */
static bool is_plain(const struct feed_source *s)
{
	return str_eq(s->digest.text, s->diff_id.text);
}

struct feed *feed_open(const struct feed_source *source)
{
	struct feed *f = xmalloc(sizeof(*f)); /* not cleared: a small layer touches little of it */

	memset(f, 0, offsetof(struct feed, raws));
	f->source = *source;
	f->why = "";
	f->ring = ring_new(USERS);
	f->hashes_blob = *source->digest.text && !is_plain(source);
	pthread_mutex_init(&f->lock, NULL);
	start(&f->decode_thread, decoder_main, f);
	start(&f->hash_thread, hasher_main, f);
	return f;
}

static int error_of(struct feed *f)
{
	pthread_mutex_lock(&f->lock);

	int error = f->error;

	pthread_mutex_unlock(&f->lock);
	return error;
}

ssize_t feed_fill(void *feed, const unsigned char **data)
{
	struct feed *f = feed;
	const struct ring_slot *s;

	do
		s = ring_next(f->ring, READER);
	while (s && !s->len);
	if (!s) {
		int error = error_of(f);

		return error ? set_errno(error) : 0;
	}
	*data = s->data;
	return (ssize_t)s->len;
}

static void join(struct feed *f)
{
	if (!f->decode_thread)
		return;
	pthread_join(f->decode_thread, NULL);
	pthread_join(f->hash_thread, NULL);
	f->decode_thread = 0;
}

int feed_finish(struct feed *f)
{
	struct digest tar, blob;

	join(f);
	digest_end(&f->tar_hash, &tar);
	digest_end(&f->blob_hash, &blob);
	if (f->error)
		return set_errno(f->error);
	if (f->in_bytes != (uint64_t)f->source.size)
		f->why = "the blob is shorter than its descriptor says";
	else if (is_plain(&f->source) ? f->codec != CODEC_NONE
				      : f->hashes_blob && !str_eq(blob.text, f->source.digest.text))
		f->why = "the blob is not what its digest says";
	else if (!str_eq(tar.text, f->source.diff_id.text))
		f->why = "the content is not what the image's diff_ids say";
	else
		return 0;
	return set_errno(EBADMSG);
}

const char *feed_why(struct feed *f)
{
	pthread_mutex_lock(&f->lock);

	const char *why = f->why;

	pthread_mutex_unlock(&f->lock);
	return why;
}

enum codec feed_codec(const struct feed *f)
{
	return f->codec;
}

void feed_close(struct feed *f)
{
	if (!f)
		return;
	ring_stop(f->ring);
	join(f);
	pthread_mutex_destroy(&f->lock);
	ring_free(f->ring);
	free(f);
}
