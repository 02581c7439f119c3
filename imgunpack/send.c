#include <string.h>

#include "imgunpack/report.h"
#include "imgunpack/send.h"
#include "lib/blob.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"

struct send;

/* An upload asks whether the registry has the blob, asks for a place to put it (or that it be taken
 * from another repository), puts it there: whole, or chunk by chunk and then a word that this was
 * all. After a fault between chunks the place tells how far it got. */
enum step { ASK, BEGIN, PUT, CHUNK, WHERE, CLOSE };

struct job {
	struct send *send;
	const struct image_descriptor *blob;
	int fd;
	enum step step;
	int tries;
	char *place;		   /* where it goes; another one after every answer */
	int64_t sent, chunk_bytes; /* chunk_bytes: 0 is whole */
	struct call call;
};

struct send {
	struct registry *registry;
	const struct send_options *options;
	struct job *jobs;
	size_t n_jobs, n_started;
	struct progress progress;
};

/* What proxies before registries let through when they refuse more. */
enum { FALLBACK_CHUNK_BYTES = 32 << 20 };

static _noreturn_ void die_job(struct job *j, const char *reason)
{
	_free_ char *name = ref_full(j->send->registry->ref);

	diex("push '%s': blob '%s': %s", name, j->blob->id.text, reason);
}

static bool is_listed(const struct send *s, const struct digest *d)
{
	for (size_t i = 0; i < s->n_jobs; i++) {
		if (str_eq(s->jobs[i].blob->id.text, d->text))
			return true;
	}
	return false;
}

/* Foreign layers are fetched from their urls; their licence may forbid handing them on. */
static void add_job(struct send *s, int layout_dirfd, const struct image_descriptor *d)
{
	int fd;

	if ((d->urls && *d->urls) || is_listed(s, &d->id))
		return;
	fd = blob_open(layout_dirfd, &d->id, d->size);
	if (fd < 0 && errno == EBADMSG)
		diex("read blob '%s': not of the size the manifest says", d->id.text);
	if (fd < 0)
		die("read blob '%s'", d->id.text);
	s->jobs[s->n_jobs++] = (struct job){
		.send = s, .blob = d, .fd = fd, .chunk_bytes = s->options->chunk_bytes
	};
}

static void go(struct job *j)
{
	call_start(j->send->registry, &j->call);
}

static void begin_step(struct job *j, enum step step, const char *method, const char *what)
{
	unsigned int delay_ms = j->call.http.delay_ms;

	call_free(&j->call);
	call_init(&j->call, j->send->registry, what);
	j->step = step;
	j->call.http.arg = j;
	j->call.http.method = method;
	j->call.http.delay_ms = delay_ms;
}

static void ask(struct job *j)
{
	_free_ char *what = xasprintf("blobs/%s", j->blob->id.text);

	begin_step(j, ASK, "HEAD", what);
	go(j);
}

static void begin(struct job *j)
{
	const char *from = j->send->options->mount_from;
	_free_ char *digest = http_escape(j->blob->id.text);
	_free_ char *where = from ? http_escape(from) : NULL;
	_free_ char *what = from ? xasprintf("blobs/uploads/?mount=%s&from=%s", digest, where)
				 : xstrdup("blobs/uploads/");

	j->sent = 0;
	begin_step(j, BEGIN, "POST", what);
	j->call.http.body = "";
	go(j);
}

/* Each answer names the place for what follows; its query stays as it is, for it may be signed. */
static void take_place(struct job *j)
{
	const char *location = http_header(&j->call.http, "location"),
		   *base = j->send->registry->base;
	char *place = location ? http_resolve(j->call.url, location) : NULL;

	if (!place || (str_starts(base, "https:") && !str_starts(place, "https:")))
		die_job(j, "the registry names no place to upload to");
	free(j->place);
	j->place = place;
}

/* A call of the place instead of the repository. It is for once: what to do after a fault depends.
 */
static void begin_there(struct job *j, enum step step, const char *method, bool with_digest)
{
	_free_ char *digest = http_escape(j->blob->id.text);

	begin_step(j, step, method, "");
	free(j->call.url);
	j->call.url = with_digest ? xasprintf("%s%cdigest=%s", j->place,
					      strchr(j->place, '?') ? '&' : '?', digest)
				  : xstrdup(j->place);
	j->call.strayed = !http_same_origin(j->call.url, j->send->registry->base);
	j->call.once = true;
}

static void send_piece(struct job *j, int64_t from, int64_t bytes)
{
	strv_add(&j->call.headers, "Content-Type: application/octet-stream");
	j->call.http.body_fd = j->fd;
	j->call.http.body_fd_from = from;
	j->call.http.body_fd_bytes = bytes;
	/* Nothing to read is a body all the same. */
	j->call.http.body = bytes ? NULL : "";
	go(j);
}

static void put(struct job *j)
{
	begin_there(j, PUT, "PUT", true);
	send_piece(j, 0, j->blob->size);
}

static void close_upload(struct job *j)
{
	begin_there(j, CLOSE, "PUT", true);
	send_piece(j, 0, 0);
}

static void chunk(struct job *j)
{
	int64_t left = j->blob->size - j->sent,
		bytes = left < j->chunk_bytes ? left : j->chunk_bytes;

	if (!left) {
		close_upload(j);
		return;
	}
	begin_there(j, CHUNK, "PATCH", false);
	strv_take(&j->call.headers, xasprintf("Content-Range: %lld-%lld", (long long)j->sent,
					      (long long)(j->sent + bytes - 1)));
	send_piece(j, j->sent, bytes);
}

static void ask_where(struct job *j)
{
	j->call.http.delay_ms = call_delay_ms(&j->call, j->tries);
	begin_there(j, WHERE, "GET", false);
	go(j);
}

static bool done(struct job *j)
{
	progress_add(&j->send->progress, j->blob->size);
	if (j->send->options->tell.json)
		report_blob(&j->blob->id, j->blob->size, NULL);
	call_free(&j->call);
	free(j->place);
	close_fd(&j->fd);
	j->fd = -1;
	return true;
}

/* "0-99" or "bytes=0-99": a hundred bytes are there. What is empty says "0-0", too, and a registry
 * that says nothing has all that was sent. */
static void take_range(struct job *j, int64_t if_silent)
{
	const char *value = http_header(&j->call.http, "range"), *dash;
	uint64_t last;

	value = value ? value : "";
	dash = strchr(value, '-');
	if (!dash || num_u64(dash + 1, INT64_MAX - 1, &last))
		j->sent = if_silent;
	else
		j->sent = last ? (int64_t)last + 1 : 0;
	if (j->sent > j->blob->size)
		die_job(j, "the registry has more of it than there is");
}

/* Some want no chunks smaller than this, but for the last. */
static void take_minimum(struct job *j)
{
	const char *value = http_header(&j->call.http, "oci-chunk-min-length");
	uint64_t least;

	if (value && j->chunk_bytes && !num_u64(value, INT64_MAX, &least) &&
	    (int64_t)least > j->chunk_bytes)
		j->chunk_bytes = (int64_t)least;
}

/* A place is good for one upload: after a fault ask for another one. */
static bool start_over(struct job *j)
{
	struct registry *r = j->send->registry;

	if (!call_is_passing(&j->call) || ++j->tries >= r->options.tries)
		return false;
	j->call.http.delay_ms = call_delay_ms(&j->call, j->tries);
	ask(j);
	return true;
}

/* True when the job is done, false when it goes on. */
static bool fault(struct job *j)
{
	if (j->call.http.status == 413 && j->step == PUT && j->blob->size > FALLBACK_CHUNK_BYTES) {
		j->chunk_bytes = FALLBACK_CHUNK_BYTES;
		begin(j);
		return false;
	}
	if (j->step == CHUNK && (call_is_passing(&j->call) || j->call.http.status == 416) &&
	    ++j->tries < j->send->registry->options.tries)
		ask_where(j);
	else if (!start_over(j))
		die_job(j, call_reason(&j->call));
	return false;
}

static bool begun(struct job *j)
{
	take_place(j);
	take_minimum(j);
	if (j->chunk_bytes && j->blob->size > j->chunk_bytes)
		chunk(j);
	else
		put(j);
	return false;
}

static bool settle_ask(struct job *j)
{
	if (j->call.http.status == 200)
		return done(j);
	if (j->call.http.status != 404)
		die_job(j, call_reason(&j->call));
	begin(j);
	return false;
}

static bool settle_begin(struct job *j)
{
	if (j->call.http.status == 201 && j->send->options->mount_from)
		return done(j);
	if (j->call.http.status != 202)
		die_job(j, call_reason(&j->call));
	return begun(j);
}

static bool settle_chunk(struct job *j)
{
	int64_t before = j->sent;

	if (j->call.http.status / 100 != 2)
		return fault(j);
	take_place(j);
	take_range(j, j->sent + j->call.http.body_fd_bytes);
	if (j->sent <= before && ++j->tries >= j->send->registry->options.tries)
		die_job(j, "the registry takes no chunks");
	chunk(j);
	return false;
}

/* The upload is gone, or it goes on where it stopped. */
static bool settle_where(struct job *j)
{
	if (j->call.http.status / 100 != 2) {
		j->call.http.delay_ms = 0;
		begin(j);
		return false;
	}
	if (http_header(&j->call.http, "location"))
		take_place(j);
	take_range(j, 0);
	chunk(j);
	return false;
}

static bool settle_end(struct job *j)
{
	return j->call.http.status / 100 == 2 ? done(j) : fault(j);
}

static bool settle(struct job *j)
{
	static bool (*const settlers[])(struct job * j) = {
		[ASK] = settle_ask,	[BEGIN] = settle_begin, [PUT] = settle_end,
		[CHUNK] = settle_chunk, [WHERE] = settle_where, [CLOSE] = settle_end,
	};

	if (call_again(j->send->registry, &j->call)) {
		go(j);
		return false;
	}
	return settlers[j->step](j);
}

static void run_jobs(struct send *s, size_t limit)
{
	size_t n_running = 0;

	while (n_running || s->n_started < s->n_jobs) {
		while (n_running < limit && s->n_started < s->n_jobs) {
			ask(&s->jobs[s->n_started++]);
			n_running++;
		}
		n_running -= settle(http_wait(s->registry->http)->arg);
	}
}

void xsend_blobs(struct registry *r, int layout_dirfd, const struct image_manifest *m, size_t n,
		 const struct send_options *options)
{
	struct send s = { .registry = r, .options = options };
	int64_t total = 0;
	size_t n_max = 0;

	for (size_t i = 0; i < n; i++)
		n_max += m[i].n_layers + 1;

	_free_ struct job *list = xcalloc(n_max + 1, sizeof(*list));

	s.jobs = list;
	for (size_t i = 0; i < n; i++) {
		add_job(&s, layout_dirfd, m[i].config);
		for (size_t k = 0; k < m[i].n_layers; k++)
			add_job(&s, layout_dirfd, &m[i].layers[k]);
	}
	for (size_t i = 0; i < s.n_jobs; i++)
		total += s.jobs[i].blob->size;
	progress_start(&s.progress, "pushing", total, options->tell);
	run_jobs(&s, (size_t)options->jobs);
	progress_end(&s.progress);
}
