#include <pthread.h>
#include <string.h>

#include "imgunpack/pack.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/proc.h"

/* Blocks of gzip stay in the processor's cache; zstd's have to be larger to be as small. */
enum { GZIP_BLOCK = 256 * 1024, ZSTD_BLOCK = 1024 * 1024, N_SLOTS = 16, THREADS_MAX = 8 };

struct slot {
	unsigned char *data, *out;
	size_t len, out_len;
	bool is_ready; /* to be put */
};

/* The caller fills slots; each is hashed, compressed, and put, and what is put is hashed. Any
 * thread does what is to be done next, so that none waits for another while there is work: blocks
 * are compressed in any order, by as many threads as there are, but hashed and put in theirs, by
 * one at a time.
 *
 * Counters count slots since the start; slot N lives in slots[N % N_SLOTS]. */
struct sink {
	tar_put *put;
	void *ctx;
	enum codec codec;
	size_t block; /* bytes of a slot */
	struct slot slots[N_SLOTS];
	size_t filled; /* bytes of the slot being filled */
	bool is_filling;
	pthread_t threads[THREADS_MAX];
	size_t n_threads;

	/* Of who hashes. */
	struct digest_state hash, *out_hash; /* NULL: what is put is not hashed, or is the same */
	uint64_t bytes;
	uint32_t crc; /* gzip's */

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t work, room;
	size_t idle; /* threads that wait for work */
	uint64_t made, hashed, taken, put_so_far, out_hashed;
	bool is_hashing, is_putting, wants_room, ended;
	int error; /* nobody does anything any more */
};

enum job { NOTHING, PUT, HASH, COMPRESS };

static struct slot *slot_of(struct sink *s, uint64_t n)
{
	return &s->slots[n % N_SLOTS];
}

/* Slot N was compressed, and is not free since. */
static bool is_ready(struct sink *s, uint64_t n)
{
	return n < s->taken && slot_of(s, n)->is_ready;
}

/* Two hashes take no longer than one: each waits for the other while there is something else to
 * do. */
static enum job next_job(struct sink *s)
{
	bool in = !s->is_hashing && s->hashed < s->made;
	bool out = !s->is_hashing && s->out_hash && is_ready(s, s->out_hashed);

	if (s->error)
		return NOTHING;
	if (!s->is_putting && is_ready(s, s->put_so_far))
		return PUT;
	if (in && out)
		return HASH;
	if (s->taken < s->made)
		return COMPRESS;
	return in || (out && (s->wants_room || s->ended)) ? HASH : NOTHING;
}

static uint64_t used_slots(const struct sink *s)
{
	uint64_t oldest = s->hashed < s->put_so_far ? s->hashed : s->put_so_far;

	if (s->out_hash && s->out_hashed < oldest)
		oldest = s->out_hashed;
	return s->made - oldest;
}

/* The filler sleeps until there is room for some slots: waking up costs more than one. */
static void wake_filler(struct sink *s)
{
	if (!s->wants_room || (used_slots(s) > N_SLOTS / 2 && !s->error))
		return;
	s->wants_room = false;
	pthread_cond_signal(&s->room);
}

/* Who has taken a job lets go of the lock for it, and wakes another thread if there is more to do.
 */
static void let_go(struct sink *s)
{
	if (s->idle && next_job(s) != NOTHING)
		pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
}

static void put_slot(struct sink *s)
{
	const struct slot *slot = slot_of(s, s->put_so_far);
	int error;

	s->is_putting = true;
	let_go(s);
	error = s->put(s->ctx, slot->out, slot->out_len) < 0 ? errno : 0;
	pthread_mutex_lock(&s->lock);
	s->is_putting = false;
	s->put_so_far++;
	s->error = error;
}

static void hash_data(struct sink *s, const struct slot *in, const struct slot *out)
{
	if (in && out)
		digest_add_both(&s->hash, in->data, in->len, s->out_hash, out->out, out->out_len);
	else if (in)
		digest_add(&s->hash, in->data, in->len);
	else if (out)
		digest_add(s->out_hash, out->out, out->out_len);
	if (!in)
		return;
	if (s->codec == CODEC_GZIP)
		s->crc = gzip_crc(s->crc, in->data, in->len);
	s->bytes += in->len;
}

static void hash_slots(struct sink *s)
{
	bool has_in = s->hashed < s->made, has_out = s->out_hash && is_ready(s, s->out_hashed);
	const struct slot *in = has_in ? slot_of(s, s->hashed) : NULL,
			  *out = has_out ? slot_of(s, s->out_hashed) : NULL;

	s->is_hashing = true;
	let_go(s);
	hash_data(s, in, out);
	pthread_mutex_lock(&s->lock);
	s->is_hashing = false;
	s->hashed += has_in;
	s->out_hashed += has_out;
}

static void compress_slot(struct sink *s, struct deflate *z)
{
	struct slot *slot = slot_of(s, s->taken++);

	slot->is_ready = false;
	let_go(s);
	if (!slot->out)
		slot->out = z ? xmalloc(deflate_room(s->codec, s->block)) : slot->data;
	slot->out_len = z ? deflate_block(z, slot->data, slot->len, slot->out) : slot->len;
	pthread_mutex_lock(&s->lock);
	slot->is_ready = true;
}

static void do_job(struct sink *s, enum job job, struct deflate *z)
{
	if (job == PUT)
		put_slot(s);
	else if (job == HASH)
		hash_slots(s);
	else
		compress_slot(s, z);
}

/* Who ends a job looks for another: what has become possible is never left undone. */
static void *thread_main(void *arg)
{
	struct sink *s = arg;
	struct deflate *z = s->codec == CODEC_NONE ? NULL : deflate_new(s->codec);

	pthread_mutex_lock(&s->lock);
	for (;;) {
		enum job job = next_job(s);

		if (job != NOTHING) {
			do_job(s, job, z);
			wake_filler(s);
			continue;
		}
		if (s->ended || s->error)
			break;
		s->idle++;
		pthread_cond_wait(&s->work, &s->lock);
		s->idle--;
	}
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->lock);
	deflate_free(z);
	return NULL;
}

/* What is around gzip's blocks; no thread is running. */
static void put_around(struct sink *s, const unsigned char *data, size_t len)
{
	if (s->codec != CODEC_GZIP || s->error)
		return;
	if (s->put(s->ctx, data, len) < 0)
		s->error = errno;
	if (s->out_hash)
		digest_add(s->out_hash, data, len);
}

static void start_threads(struct sink *s)
{
	s->n_threads = proc_processors();
	if (s->n_threads > THREADS_MAX)
		s->n_threads = THREADS_MAX;
	for (size_t i = 0; i < s->n_threads; i++) {
		errno = pthread_create(&s->threads[i], NULL, thread_main, s);
		if (errno)
			die("start a thread");
	}
}

struct sink *sink_open(enum codec codec, tar_put *put, void *ctx, struct digest_state *out_hash)
{
	struct sink *s = xcalloc(1, sizeof(*s));
	unsigned char head[GZIP_HEAD_BYTES];

	s->put = put;
	s->ctx = ctx;
	s->codec = codec;
	s->block = codec == CODEC_ZSTD ? ZSTD_BLOCK : GZIP_BLOCK;
	s->out_hash = out_hash;
	digest_start(&s->hash);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	pthread_cond_init(&s->room, NULL);
	gzip_head(head);
	put_around(s, head, sizeof(head));
	start_threads(s);
	return s;
}

static void pass_on(struct sink *s)
{
	slot_of(s, s->made)->len = s->filled;
	s->is_filling = false;
	s->filled = 0;
	pthread_mutex_lock(&s->lock);
	s->made++;
	if (s->idle)
		pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
}

/* A slot to fill; false once it has failed. */
static bool wait_for_room(struct sink *s)
{
	pthread_mutex_lock(&s->lock);
	s->wants_room = used_slots(s) == N_SLOTS;
	if (s->wants_room && s->idle)
		pthread_cond_signal(&s->work);
	while (s->wants_room && !s->error)
		pthread_cond_wait(&s->room, &s->lock);
	s->is_filling = !s->error;
	pthread_mutex_unlock(&s->lock);
	return s->is_filling;
}

void *sink_room(struct sink *s, size_t *len)
{
	struct slot *slot = slot_of(s, s->made);

	if (!s->is_filling && !wait_for_room(s)) {
		errno = s->error;
		return NULL;
	}
	if (!slot->data)
		slot->data = xmalloc(s->block);
	*len = s->block - s->filled;
	return slot->data + s->filled;
}

void sink_filled(struct sink *s, size_t len)
{
	s->filled += len;
	if (s->filled == s->block)
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

static void end_threads(struct sink *s)
{
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->n_threads; i++)
		pthread_join(s->threads[i], NULL);
}

static void sink_free(struct sink *s)
{
	for (size_t i = 0; i < N_SLOTS; i++) {
		if (s->slots[i].out != s->slots[i].data)
			free(s->slots[i].out);
		free(s->slots[i].data);
	}
	pthread_cond_destroy(&s->room);
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int sink_close(struct sink *s, struct digest *diff_id)
{
	unsigned char tail[GZIP_TAIL_BYTES];

	if (s->is_filling)
		pass_on(s);
	end_threads(s);
	gzip_tail(s->crc, s->bytes, tail);
	put_around(s, tail, sizeof(tail));

	int error = s->error;

	digest_end(&s->hash, diff_id);
	sink_free(s);
	return error ? set_errno(error) : 0;
}
