#include <curl/curl.h>
#include <string.h>
#include <time.h>

#include "imgunpack/http.h"
#include "lib/die.h"
#include "lib/mem.h"

enum {
	RECEIVE_BYTES = 256 * 1024,
	CONNECT_TIMEOUT_S = 30,
	POLL_MS = 1000,
	MAX_HEADERS = 256,
	SLOWEST = 128, /* bytes a second: whoever sends less keeps us waiting on purpose */
};

struct http {
	CURLM *multi;
	const struct http_options *options;
	struct http_request *delayed;  /* not started yet */
	struct http_request *finished; /* not returned yet, oldest first */
	size_t n_running;
};

struct http_private {
	CURL *easy;
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE];
	int64_t due_ms;
	int64_t sent;
	bool started, done;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct http *http_new(const struct http_options *options)
{
	struct http *h = xcalloc(1, sizeof(*h));

	curl_global_init(CURL_GLOBAL_DEFAULT);
	h->multi = curl_multi_init();
	if (!h->multi)
		diex("out of memory for a transfer");
	h->options = options;
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	size_t len = size * n;

	/* An informational answer may come first: each status line starts anew. */
	if (len >= 5 && !memcmp(data, "HTTP/", 5)) {
		strv_free(&r->answer_headers);
		return len;
	}
	while (len && (data[len - 1] == '\r' || data[len - 1] == '\n'))
		len--;
	if (len && r->answer_headers.n < MAX_HEADERS)
		strv_take(&r->answer_headers, xmemdup0(data, len));
	return size * n;
}

static bool begin_body(struct http_request *r)
{
	if (r->own->started)
		return true;
	r->own->started = true;
	curl_easy_getinfo(r->own->easy, CURLINFO_RESPONSE_CODE, &r->status);
	/* Some servers announce more of a 416's body than they send. */
	if (r->status == 416)
		return false;
	return r->status / 100 != 2 || !r->start || r->start(r);
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	size_t len = size * n, room;

	if (!begin_body(r)) {
		r->given_up = true;
		return 0;
	}
	if (r->status / 100 == 2 && r->sink) {
		r->given_up = !r->sink(r, data, len);
		return r->given_up ? 0 : len;
	}
	room = HTTP_KEPT_BYTES - r->kept.len;
	buf_add(&r->kept, data, len < room ? len : room);
	return len;
}

static size_t on_send(char *data, size_t size, size_t n, void *arg)
{
	struct http_request *r = arg;
	int64_t left = r->body_fd_bytes - r->own->sent;
	size_t want = size * n;
	ssize_t got;

	if (left < (int64_t)want)
		want = (size_t)left;
	got = pread(r->body_fd, data, want, r->body_fd_from + r->own->sent);
	if (got < 0 || (got == 0 && want))
		return CURL_READFUNC_ABORT;
	r->own->sent += got;
	return (size_t)got;
}

/* A connection that was kept may turn out dead once some of the body is sent. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct http_request *r = arg;

	if (origin != SEEK_SET || offset < 0 || offset > r->body_fd_bytes)
		return CURL_SEEKFUNC_CANTSEEK;
	r->own->sent = offset;
	return CURL_SEEKFUNC_OK;
}

static void set_tls(CURL *easy, const struct http_options *o)
{
	if (o->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, o->ca_file);
	if (o->ca_dir)
		curl_easy_setopt(easy, CURLOPT_CAPATH, o->ca_dir);
	if (o->client_cert)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, o->client_cert);
	if (o->client_key)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, o->client_key);
	if (o->unverified) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_method(struct http_request *r, CURL *easy)
{
	const char *method = r->method ? r->method : "GET";

	if (r->body_fd_bytes > 0) {
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
		curl_easy_setopt(easy, CURLOPT_READDATA, r);
		curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(easy, CURLOPT_SEEKDATA, r);
		curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_fd_bytes);
	} else if (r->body) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
	} else if (!strcmp(method, "HEAD")) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_headers(struct http_request *r, CURL *easy)
{
	struct http_private *own = r->own;

	for (size_t i = 0; i < r->headers.n; i++)
		own->headers = curl_slist_append(own->headers, r->headers.v[i]);
	/* A pause for "100 Continue" costs a second with servers that never send it. */
	own->headers = curl_slist_append(own->headers, "Expect:");
	if (r->range_from > 0) {
		_free_ char *range = xasprintf("Range: bytes=%lld-", (long long)r->range_from);

		own->headers = curl_slist_append(own->headers, range);
	}
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, own->headers);
}

static CURL *make_easy(struct http *h, struct http_request *r)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		diex("out of memory for a transfer");
	curl_easy_setopt(easy, CURLOPT_URL, r->url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "lash/" VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)h->options->stall_s);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->own->error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
	if (h->options->direct)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	set_tls(easy, h->options);
	return easy;
}

static void launch(struct http *h, struct http_request *r)
{
	r->own->easy = make_easy(h, r);
	set_method(r, r->own->easy);
	set_headers(r, r->own->easy);
	if (curl_multi_add_handle(h->multi, r->own->easy) != CURLM_OK)
		diex("out of memory for a transfer");
	h->n_running++;
}

static void append(struct http_request **list, struct http_request *r)
{
	while (*list)
		list = &(*list)->next;
	*list = r;
	r->next = NULL;
}

static void remove_from(struct http_request **list, struct http_request *r)
{
	while (*list && *list != r)
		list = &(*list)->next;
	if (*list)
		*list = r->next;
}

static void drop_private(struct http_request *r)
{
	if (!r->own)
		return;
	curl_slist_free_all(r->own->headers);
	curl_easy_cleanup(r->own->easy);
	free(r->own);
	r->own = NULL;
}

void http_start(struct http *h, struct http_request *r)
{
	drop_private(r);
	r->own = xcalloc(1, sizeof(*r->own));
	r->status = 0;
	r->transient = r->given_up = false;
	r->error[0] = '\0';
	strv_free(&r->answer_headers);
	buf_reset(&r->kept);
	if (!r->delay_ms) {
		launch(h, r);
		return;
	}
	r->own->due_ms = now_ms() + r->delay_ms;
	append(&h->delayed, r);
}

/* Start what is due; returns how long the next one still has to wait. */
static int start_delayed(struct http *h)
{
	int64_t now = now_ms(), wait = POLL_MS;

	for (struct http_request *r = h->delayed, *next; r; r = next) {
		next = r->next;
		if (r->own->due_ms <= now) {
			remove_from(&h->delayed, r);
			launch(h, r);
		} else if (r->own->due_ms - now < wait) {
			wait = r->own->due_ms - now;
		}
	}
	return (int)wait;
}

static bool is_transient(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_SEND_FAIL_REWIND:
	case CURLE_RECV_ERROR:
		return true;
	default:
		return false;
	}
}

static void finish(struct http *h, CURL *easy, CURLcode code)
{
	struct http_request *r = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&r);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &r->status);
	if (code != CURLE_OK && !r->given_up) {
		const char *text = r->own->error[0] ? r->own->error : curl_easy_strerror(code);

		snprintf(r->error, sizeof(r->error), "%s", text);
		r->transient = is_transient(code);
		r->status = 0;
	}
	curl_multi_remove_handle(h->multi, easy);
	h->n_running--;
	r->own->done = true;
	append(&h->finished, r);
}

/* One round: start, move bytes, collect; sleep only if nothing finished. */
static void pump(struct http *h)
{
	int wait = start_delayed(h), n_running, n_left;
	bool idle = true;
	CURLMsg *m;

	curl_multi_perform(h->multi, &n_running);
	while ((m = curl_multi_info_read(h->multi, &n_left))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		finish(h, m->easy_handle, m->data.result);
		idle = false;
	}
	if (idle)
		curl_multi_poll(h->multi, NULL, 0, wait, NULL);
}

struct http_request *http_wait(struct http *h)
{
	struct http_request *r;

	while (!h->finished && (h->n_running || h->delayed))
		pump(h);
	r = h->finished;
	if (r)
		h->finished = r->next;
	return r;
}

void http_finish(struct http *h, struct http_request *r)
{
	while (!r->own->done)
		pump(h);
	remove_from(&h->finished, r);
}

void http_run(struct http *h, struct http_request *r)
{
	http_start(h, r);
	http_finish(h, r);
}

const char *http_header_next(const struct http_request *r, const char *name, size_t *at)
{
	size_t len = strlen(name);

	while (*at < r->answer_headers.n) {
		const char *h = r->answer_headers.v[(*at)++];

		if (!strncasecmp(h, name, len) && h[len] == ':')
			return h + len + 1 + strspn(h + len + 1, " \t");
	}
	return NULL;
}

const char *http_header(const struct http_request *r, const char *name)
{
	size_t at = 0;

	return http_header_next(r, name, &at);
}

void http_request_free(struct http_request *r)
{
	drop_private(r);
	free(r->url);
	r->url = NULL;
	strv_free(&r->headers);
	strv_free(&r->answer_headers);
	buf_free(&r->kept);
}
