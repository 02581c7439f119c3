#include <string.h>

#include "imgunpack/report.h"
#include "imgunpack/send.h"
#include "lib/blob.h"
#include "lib/die.h"
#include "lib/mem.h"

struct send;

/* An upload asks whether the registry has the blob, asks for a place to put it, puts it there. */
enum step { ASK, BEGIN, PUT };

struct job {
	struct send *send;
	const struct image_descriptor *blob;
	int fd;
	enum step step;
	int tries;
	struct call call;
};

struct send {
	struct registry *registry;
	struct job *jobs;
	size_t n_jobs, n_started;
	struct progress progress;
	struct tell tell;
};

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
	s->jobs[s->n_jobs++] = (struct job){ .send = s, .blob = d, .fd = fd };
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
	begin_step(j, BEGIN, "POST", "blobs/uploads/");
	j->call.http.body = "";
	go(j);
}

/* The place's own query stays as it is: it may be signed. */
static void put(struct job *j)
{
	const char *location = http_header(&j->call.http, "location"),
		   *base = j->send->registry->base;
	_free_ char *place = location ? http_resolve(j->call.url, location) : NULL;
	_free_ char *digest = http_escape(j->blob->id.text);
	char *url;

	if (!place || (str_starts(base, "https:") && !str_starts(place, "https:")))
		die_job(j, "the registry names no place to upload to");
	url = xasprintf("%s%cdigest=%s", place, strchr(place, '?') ? '&' : '?', digest);
	begin_step(j, PUT, "PUT", "");
	free(j->call.url);
	j->call.url = url;
	j->call.strayed = !http_same_origin(url, base);
	j->call.once = true;
	strv_add(&j->call.headers, "Content-Type: application/octet-stream");
	j->call.http.body_fd = j->fd;
	j->call.http.body_fd_bytes = j->blob->size;
	/* An empty blob has no bytes to read, but a body all the same. */
	j->call.http.body = j->blob->size ? NULL : "";
	go(j);
}

static bool done(struct job *j)
{
	progress_add(&j->send->progress, j->blob->size);
	if (j->send->tell.json)
		report_blob(&j->blob->id, j->blob->size, NULL);
	call_free(&j->call);
	close_fd(&j->fd);
	j->fd = -1;
	return true;
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

static bool settle_put(struct job *j)
{
	if (j->call.http.status / 100 == 2)
		return done(j);
	if (!start_over(j))
		die_job(j, call_reason(&j->call));
	return false;
}

/* True when the job is done, false when it goes on. */
static bool settle(struct job *j)
{
	long status;

	if (call_again(j->send->registry, &j->call)) {
		go(j);
		return false;
	}
	status = j->call.http.status;
	if (j->step == PUT)
		return settle_put(j);
	if (j->step == ASK && status == 200)
		return done(j);
	if (j->step == ASK && status == 404)
		begin(j);
	else if (j->step == BEGIN && status == 202)
		put(j);
	else
		die_job(j, call_reason(&j->call));
	return false;
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

void xsend_blobs(struct registry *r, int layout_dirfd, const struct image_manifest *m, int jobs,
		 struct tell tell)
{
	_free_ struct job *list = xcalloc(m->n_layers + 1, sizeof(*list));
	struct send s = { .registry = r, .jobs = list, .tell = tell };
	int64_t total = 0;

	add_job(&s, layout_dirfd, m->config);
	for (size_t i = 0; i < m->n_layers; i++)
		add_job(&s, layout_dirfd, &m->layers[i]);
	for (size_t i = 0; i < s.n_jobs; i++)
		total += s.jobs[i].blob->size;
	progress_start(&s.progress, "pushing", total, tell);
	run_jobs(&s, (size_t)jobs);
	progress_end(&s.progress);
}
