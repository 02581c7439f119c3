#include <string.h>

#include "imgunpack/fetch.h"
#include "imgunpack/report.h"
#include "imgunpack/trail.h"
#include "lib/blob.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"

enum { PROGRESS_BYTES = 256 * 1024 };

struct fetch;

struct job {
	struct fetch *fetch;
	const struct image_descriptor *want;
	struct blob blob;
	char *buffer; /* of what has come, but is not written yet */
	size_t n_buffer;
	struct call call;
	size_t next_url;   /* of a foreign layer */
	bool again;	   /* it came out wrong once */
	int64_t best;	   /* as far as it got before a fault */
	int err;	   /* errno of a failed write */
	const char *fault; /* what is wrong with what the server sends */
};

struct fetch {
	struct registry *registry;
	const struct fetch_options *options;
	int layout_dirfd;
	struct job *jobs;
	size_t n_jobs, n_started;
	struct trail *trail;
	struct progress progress;
};

static bool is_listed(const struct fetch *f, const struct digest *d)
{
	for (size_t i = 0; i < f->n_jobs; i++) {
		if (str_eq(f->jobs[i].want->id.text, d->text))
			return true;
	}
	return false;
}

static void add_job(struct fetch *f, const struct image_descriptor *d)
{
	if (is_listed(f, &d->id) || blob_size(f->layout_dirfd, &d->id) == d->size)
		return;
	f->jobs[f->n_jobs++] = (struct job){ .fetch = f, .want = d, .blob = BLOB_INIT };
}

/* "bytes 100-199/200" must begin where we stopped and agree on the whole. */
static bool is_our_range(const struct http_request *h, int64_t from, int64_t size)
{
	const char *value = http_header(h, "content-range");
	_free_ char *wanted = xasprintf("bytes %lld-%lld/%lld", (long long)from,
					(long long)size - 1, (long long)size);

	return value && str_eq(value, wanted);
}

static bool refuse(struct job *j, const char *fault)
{
	j->fault = fault;
	return false;
}

static bool is_length_wrong(const struct http_request *h, int64_t expected)
{
	const char *length = http_header(h, "content-length");
	uint64_t n;

	return length && !num_u64(length, INT64_MAX, &n) && n != (uint64_t)expected;
}

static bool begin(struct http_request *h)
{
	struct job *j = h->arg;
	const char *encoding = http_header(h, "content-encoding");

	if (encoding && strcasecmp(encoding, "identity"))
		return refuse(j, "sent in an encoding nobody asked for");
	if (h->status == 206 && !is_our_range(h, h->range_from, j->want->size))
		return refuse(j, "sent a range nobody asked for");
	if (h->status != 206 && j->blob.bytes) {
		progress_add(&j->fetch->progress, -j->blob.bytes);
		if (blob_restart(&j->blob)) {
			j->err = errno;
			return false;
		}
	}
	if (is_length_wrong(h, j->want->size - j->blob.bytes))
		return refuse(j, "size differs from the manifest's");
	return true;
}

static bool pour(struct job *j)
{
	char *buffer = j->buffer;
	size_t n = j->n_buffer;

	j->buffer = NULL;
	j->n_buffer = 0;
	if (blob_append(&j->blob, buffer, n)) {
		j->err = errno;
		trail_give_back(j->fetch->trail, buffer);
		return false;
	}
	trail_hash(j->fetch->trail, &j->blob, buffer, n);
	return true;
}

static bool take(struct http_request *h, const void *data, size_t len)
{
	struct job *j = h->arg;
	const char *p = data;

	if ((int64_t)len > j->want->size - j->blob.bytes - (int64_t)j->n_buffer)
		return refuse(j, "longer than the manifest says");
	progress_add(&j->fetch->progress, (int64_t)len);
	while (len) {
		size_t n;

		if (!j->buffer)
			j->buffer = trail_buffer(j->fetch->trail);
		n = TRAIL_BYTES - j->n_buffer;
		n = n < len ? n : len;
		memcpy(j->buffer + j->n_buffer, p, n);
		j->n_buffer += n;
		p += n;
		len -= n;
		if (j->n_buffer == TRAIL_BYTES && !pour(j))
			return false;
	}
	return true;
}

/* All that came is written and hashed, and the buffer is free for others. */
static void settle_blob(struct job *j)
{
	if (j->buffer)
		pour(j);
	trail_settle(j->fetch->trail, &j->blob);
}

static void set_call(struct job *j)
{
	_free_ char *what = xasprintf("blobs/%s", j->want->id.text);

	call_init(&j->call, j->fetch->registry, what);
	strv_add(&j->call.headers, "Accept-Encoding: identity");
	j->call.http.start = begin;
	j->call.http.sink = take;
	j->call.http.arg = j;
}

static void go(struct job *j)
{
	j->call.http.range_from = j->blob.bytes;
	call_start(j->fetch->registry, &j->call);
}

/* What came out wrong is of no use to anybody, the rest to those who try again. */
static void drop_all(struct fetch *f, const struct job *failed)
{
	for (size_t i = 0; i < f->n_started; i++) {
		if (f->options->resumable && &f->jobs[i] != failed)
			blob_suspend(&f->jobs[i].blob);
		else
			blob_abandon(&f->jobs[i].blob);
	}
}

static _noreturn_ void die_job(struct job *j, const char *reason)
{
	_free_ char *name = ref_full(j->fetch->registry->ref);
	int err = j->err;

	drop_all(j->fetch, j);
	errno = err;
	if (err)
		die("pull '%s': write blob '%s'", name, j->want->id.text);
	diex("pull '%s': blob '%s': %s", name, j->want->id.text, reason);
}

/* Take it from the top. */
static void start_over(struct job *j)
{
	progress_add(&j->fetch->progress, -j->blob.bytes);
	if (blob_restart(&j->blob)) {
		j->err = errno;
		die_job(j, NULL);
	}
	go(j);
}

static bool arrived(const struct job *j)
{
	if (j->fetch->options->tell.json)
		report_blob(&j->want->id, j->want->size, j->blob.name);
	return true;
}

/* True when all of it is there. What came out wrong is fetched once more: a resumed one because the
 * earlier part may be to blame, any other because the line may. */
static bool complete(struct job *j)
{
	if (j->blob.bytes < j->want->size)
		die_job(j, "shorter than the manifest says");
	if (!blob_check(&j->blob, &j->want->id, j->want->size))
		return arrived(j);
	if (j->again)
		die_job(j, "content does not match its digest");
	j->again = true;
	start_over(j);
	return false;
}

/* True when the job is done already: an earlier attempt had all of it. */
static bool start_job(struct job *j)
{
	set_call(j);
	if (blob_resume(&j->blob, j->fetch->layout_dirfd, &j->want->id)) {
		j->err = errno;
		die_job(j, NULL);
	}
	progress_add(&j->fetch->progress, j->blob.bytes);
	if (!blob_check(&j->blob, &j->want->id, j->want->size))
		return arrived(j);
	if (j->blob.bytes >= j->want->size)
		start_over(j);
	else
		go(j);
	return false;
}

/* A foreign layer may have to be fetched from elsewhere: without credentials. */
static bool try_elsewhere(struct job *j)
{
	char **urls = j->want->urls;
	_free_ char *url = NULL;

	if (!urls || !urls[j->next_url])
		return false;
	url = http_resolve("https://invalid/", urls[j->next_url++]);
	if (!url)
		return try_elsewhere(j);
	free(j->call.http.url);
	j->call.http.url = steal_ptr(&url);
	j->call.strayed = true;
	go(j);
	return true;
}

/* True when the job is done, false when it goes on. */
static bool settle(struct job *j)
{
	long status = j->call.http.status;

	settle_blob(j);
	if (j->err || j->fault)
		die_job(j, j->fault);
	/* A line that breaks again and again is good enough while it brings something. */
	if (j->blob.bytes >= j->best + PROGRESS_BYTES) {
		j->best = j->blob.bytes;
		j->call.tries = 0;
	}
	if (call_again(j->fetch->registry, &j->call)) {
		go(j);
		return false;
	}
	if (status == 416 && j->blob.bytes) {
		start_over(j);
		return false;
	}
	if (status == 200 || status == 206)
		return complete(j);
	if (!try_elsewhere(j))
		die_job(j, call_reason(&j->call));
	return false;
}

static void run_jobs(struct fetch *f, size_t limit)
{
	size_t n_running = 0;

	while (n_running || f->n_started < f->n_jobs) {
		struct job *j;

		while (n_running < limit && f->n_started < f->n_jobs)
			n_running += !start_job(&f->jobs[f->n_started++]);
		if (n_running) {
			j = http_wait(f->registry->http)->arg;
			n_running -= settle(j);
		}
	}
}

/* Waiting for the disk comes last, when nothing else is left to wait for. */
static void commit_jobs(struct fetch *f)
{
	for (size_t i = 0; i < f->n_jobs; i++) {
		struct job *j = &f->jobs[i];

		if (blob_commit(&j->blob, &j->want->id, j->want->size, NULL)) {
			j->err = errno;
			die_job(j, NULL);
		}
		call_free(&j->call);
	}
}

static int64_t total_bytes(const struct fetch *f)
{
	int64_t total = 0;

	for (size_t i = 0; i < f->n_jobs; i++)
		total += f->jobs[i].want->size;
	return total;
}

/* The largest first: whoever unpacks what came has the most to do with it. */
static int by_size(const void *a, const void *b)
{
	const struct job *x = a, *y = b;

	return (x->want->size < y->want->size) - (x->want->size > y->want->size);
}

static void run(struct fetch *f)
{
	if (!f->n_jobs)
		return;
	qsort(f->jobs, f->n_jobs, sizeof(*f->jobs), by_size);
	progress_start(&f->progress, "pulling", total_bytes(f), f->options->tell);
	f->trail = trail_new((size_t)f->options->jobs);
	run_jobs(f, (size_t)f->options->jobs);
	trail_free(f->trail);
	commit_jobs(f);
	progress_end(&f->progress);
}

void xfetch_blobs(struct registry *r, int layout_dirfd, const struct image_manifest *m, size_t n,
		  const struct fetch_options *options)
{
	struct fetch f = { .registry = r, .layout_dirfd = layout_dirfd, .options = options };
	size_t n_max = 0;

	for (size_t i = 0; i < n; i++)
		n_max += m[i].n_layers + 1;

	_free_ struct job *list = xcalloc(n_max, sizeof(*list));

	f.jobs = list;
	for (size_t i = 0; i < n; i++) {
		add_job(&f, m[i].config);
		for (size_t k = 0; k < m[i].n_layers; k++)
			add_job(&f, &m[i].layers[k]);
	}
	run(&f);
}

void xfetch_config(struct registry *r, int layout_dirfd, const struct image_manifest *m,
		   const struct fetch_options *options)
{
	struct fetch_options quietly = *options;
	struct job job;
	struct fetch f = {
		.registry = r, .layout_dirfd = layout_dirfd, .options = &quietly, .jobs = &job
	};

	quietly.tell = (struct tell){ .quiet = true };
	add_job(&f, m->config);
	run(&f);
}
