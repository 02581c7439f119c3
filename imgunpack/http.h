/* http.h - HTTP requests, several at once; http*.c are the only users of libcurl.
 *
 * A request goes to exactly one URL: redirects, authentication and retries are its owner's
 * decision, so that nothing is sent to a place nobody chose. Only http: and https: are spoken.
 * A transfer that moves less than 128 bytes a second for stall_s is given up. Bodies of 2xx answers
 * go to the sink as they arrive; of other answers, and without a sink, the first
 * HTTP_KEPT_BYTES are kept.
 */
#ifndef IMGUNPACK_HTTP_H
#define IMGUNPACK_HTTP_H

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/str.h"

enum { HTTP_KEPT_BYTES = 64 * 1024 };

struct http_options {
	const char *ca_file;	 /* PEM; instead of the system's authorities */
	const char *ca_dir;	 /* hashed directory; likewise */
	const char *client_cert; /* PEM, for hosts that ask for one */
	const char *client_key;
	bool unverified; /* accept any certificate */
	bool direct;	 /* use no proxy */
	unsigned int stall_s;
};

struct http_request {
	/* The owner's to set. */
	const char *method; /* NULL is GET */
	char *url;	    /* malloc'd; freed by http_request_free */
	struct strv headers;
	int64_t range_from; /* > 0 asks for the rest from there */
	const char *body;   /* NULL, or what to send; kept, not copied */
	size_t body_len;
	int body_fd; /* with a body_fd_bytes: send so much of this file, from body_fd_from */
	int64_t body_fd_bytes, body_fd_from;
	unsigned int delay_ms; /* start no sooner */
	/* Before the first byte of a 2xx body, and for each piece of it; false gives the transfer
	 * up. */
	bool (*start)(struct http_request *r);
	bool (*sink)(struct http_request *r, const void *data, size_t len);
	void *arg;

	/* The answer, once http_wait or http_run returned it. */
	long status;	/* 0: no answer, see error */
	bool transient; /* trying again may help */
	bool given_up;	/* start or sink said no */
	char error[256];
	struct strv answer_headers; /* "name: value" as received */
	struct buf kept;	    /* the body, where it did not go to the sink */

	/* http.c's own. */
	struct http_private *own;
	struct http_request *next;
};

struct http;

/* OPTIONS must outlive it. */
struct http *http_new(const struct http_options *options);
void http_free(struct http *h);

/* Begin R, which stays in place until it was returned. Answer fields of an earlier run are cleared.
 */
void http_start(struct http *h, struct http_request *r);
/* The next finished request, waiting for it; NULL when none is under way. */
struct http_request *http_wait(struct http *h);
/* Wait for R alone; others go on meanwhile and are returned by http_wait later. */
void http_finish(struct http *h, struct http_request *r);
/* Begin R and wait for it alone. */
void http_run(struct http *h, struct http_request *r);

/* Value of the first answer header NAME (any case) from index *AT on, NULL when there is none; *AT
 * moves behind it. */
const char *http_header_next(const struct http_request *r, const char *name, size_t *at);
const char *http_header(const struct http_request *r, const char *name);

/* What the answer's Retry-After asks for, in seconds or as a date; -1: nothing. */
int64_t http_retry_after_ms(const struct http_request *r);

/* LOCATION as an absolute URL relative to BASE, or NULL if it is no http or https URL. Caller
 * frees. */
char *http_resolve(const char *base, const char *location);
/* Same scheme, host and port? */
bool http_same_origin(const char *url_a, const char *url_b);
/* S percent-encoded for a query. Caller frees. */
char *http_escape(const char *s);

void http_request_free(struct http_request *r);

#endif
