/* shim logs - print what a container wrote. */
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "shim/logread.h"
#include "shim/place.h"
#include "shim/trail.h"
#include "shim/verbs.h"

enum { LINE_BUF = 256 * 1024, POLL_MS = 1000, NS = 1000000000 };

static const char *dir, *tail, *since, *until;
static bool follow, timestamps, details;

static const struct opt opts[] = {
	{ 'f', "follow", OPT_FLAG, &follow, NULL,
	  "go on as more is written, until the container ends" },
	{ 'n', "tail", OPT_STR, &tail, "N", "only the last N records, or all" },
	{ 0, "since", OPT_STR, &since, "TIME", "only what was written at or after it" },
	{ 0, "until", OPT_STR, &until, "TIME", "only what was written before it" },
	{ 't', "timestamps", OPT_FLAG, &timestamps, NULL, "put the time before each line" },
	{ 0, "details", OPT_FLAG, &details, NULL, "put the record's attributes before each line" },
	{ 0, "dir", OPT_STR, &dir, "DIR",
	  "the container's directory (default: $LASH_RUN/shim/ID)" },
	{ 0 },
};

struct reader {
	struct trail trail;
	int64_t since_ns, until_ns;
	int dirfd, watch; /* -1: a bare file; not following */
	char *buf;
	size_t used;
	bool skipping; /* within a line longer than the buffer */
	bool mid_line[N_STREAMS];
	int last_stream;
};

/* RFC3339 (or its date alone), seconds since the epoch, or how long ago. */
static int64_t parse_moment(const char *s, const char *what)
{
	_free_ char *date = xasprintf("%sT00:00:00Z", s);
	int64_t ns, whole;
	struct timespec now;

	if (logread_time(s, strlen(s), &ns) == 0 || logread_time(date, strlen(date), &ns) == 0)
		return ns;
	if (num_i64(s, 0, INT64_MAX / NS - 1, &whole) == 0)
		return whole * NS;
	if (num_duration_ns(s, &ns) < 0)
		opt_misuse("bad %s '%s'", what, s);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS + now.tv_nsec - ns;
}

static void print_time(FILE *f, int64_t ns)
{
	time_t seconds = (time_t)(ns / NS - (ns % NS < 0));
	char date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(f, "%s.%09ldZ ", date, (long)(ns - (int64_t)seconds * NS));
}

/* As Go's QueryEscape, and so docker, has it. */
static void print_escaped(FILE *f, const char *s, size_t len)
{
	static const char plain[] = "-_.~";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == ' ')
			putc('+', f);
		else if (isalnum(c) || (c && strchr(plain, c)))
			putc(c, f);
		else
			fprintf(f, "%%%02X", c);
	}
}

static void print_details(FILE *f, const struct entry *e)
{
	const char *p = e->attrs, *end = p + e->attrs_len, *nul;

	for (int n = 0; p < end && (nul = memchr(p, '\0', (size_t)(end - p))); n++, p = nul + 1) {
		if (n)
			putc(n % 2 ? '=' : ',', f);
		print_escaped(f, p, (size_t)(nul - p));
	}
	putc(' ', f);
}

static void print_entry(struct reader *r, const struct entry *e)
{
	int stream = e->rec.stream;
	FILE *f = stream == STREAM_ERR ? stderr : stdout;

	if (e->time_ns < r->since_ns || e->time_ns >= r->until_ns)
		return;
	/* Two buffers, one order. */
	if (stream != r->last_stream)
		fflush(stream == STREAM_ERR ? stdout : stderr);
	r->last_stream = stream;
	if (timestamps && !r->mid_line[stream])
		print_time(f, e->time_ns);
	if (details && !r->mid_line[stream])
		print_details(f, e);
	fwrite(e->rec.text, 1, e->rec.len, f);
	if (!e->rec.partial)
		putc('\n', f);
	r->mid_line[stream] = e->rec.partial;
}

static void take_line(struct reader *r, char *line, size_t len)
{
	struct entry e;

	if (!r->skipping && logread_line(line, len, &e) == 0)
		print_entry(r, &e);
	r->skipping = false;
}

/* Print the whole lines in the buffer, keep the rest. */
static void take_lines(struct reader *r)
{
	char *p = r->buf, *end = r->buf + r->used, *newline;

	for (; (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1)
		take_line(r, p, (size_t)(newline - p));
	r->used = (size_t)(end - p);
	memmove(r->buf, p, r->used);
	if (r->used == LINE_BUF) {
		r->skipping = true;
		r->used = 0;
	}
}

/* Print everything there is by now. */
static void print_available(struct reader *r)
{
	ssize_t n;

	while ((n = trail_read(&r->trail, r->buf + r->used, LINE_BUF - r->used)) > 0) {
		r->used += (size_t)n;
		take_lines(r);
	}
	if (n < 0)
		die("read log '%s'", r->trail.path);
	if (fflush(stdout) || fflush(stderr))
		die("write output");
}

static void start_watch(struct reader *r)
{
	const char *slash = strrchr(r->trail.path, '/');
	_free_ char *log_dir = slash ? xmemdup0(r->trail.path, (size_t)(slash - r->trail.path) + 1)
				     : xstrdup(".");
	char link[32];

	r->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", r->dirfd);
	/* Without a watch the poll's own pace must do. */
	inotify_add_watch(r->watch, log_dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
	if (r->dirfd >= 0)
		inotify_add_watch(r->watch, link, IN_MOVED_TO);
}

static void await_change(const struct reader *r)
{
	struct pollfd p = { r->watch, POLLIN, 0 };
	char events[4096];

	poll(&p, 1, POLL_MS);
	while (read(r->watch, events, sizeof(events)) > 0)
		;
}

static void print_until_over(struct reader *r)
{
	bool over;

	do {
		await_change(r);
		/* Looked at first: what was logged before the end is then there to be read. */
		over = r->dirfd >= 0 && place_is_over(r->dirfd);
		print_available(r);
	} while (!over);
}

/* The container's first log that is a file, as its directory names it. Malloc'd. */
static char *log_of(struct reader *r, const char *id)
{
	_strv_ struct strv logs = { 0 };

	r->dirfd = place_xopen(dir, id);
	if (place_lines(r->dirfd, PLACE_LOG, &logs) < 0)
		die("find log of '%s'", id);
	for (size_t i = 0; i < logs.n; i++) {
		const char *path = str_after(logs.v[i], "json-file:");

		if (!path)
			path = str_after(logs.v[i], "k8s-file:");
		if (path)
			return xstrdup(path);
	}
	diex("find log of '%s': %s", id, logs.n ? "none of its logs is a file" : "it has none");
}

static void open_trail(struct reader *r, const char *path)
{
	uint64_t n;
	int rc;

	if (!tail || str_eq(tail, "all"))
		rc = trail_open(&r->trail, path);
	else if (num_u64(tail, UINT64_MAX, &n) < 0)
		opt_misuse("bad number of records '%s'", tail);
	else
		rc = trail_open_tail(&r->trail, path, n);
	if (rc < 0)
		die("open log '%s'", path);
}

int shim_logs(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... ID|FILE", "Print what a container wrote.", opts,
				 .flags = 0 };
	struct reader r = { .dirfd = -1, .since_ns = INT64_MIN, .until_ns = INT64_MAX };
	int at = opt_parse(argc, argv, &u);
	_free_ char *path = NULL;

	opt_operands(argc - at, 1, 1);
	if (since)
		r.since_ns = parse_moment(since, "since");
	if (until)
		r.until_ns = parse_moment(until, "until");
	path = strchr(argv[at], '/') ? xstrdup(argv[at]) : log_of(&r, argv[at]);
	open_trail(&r, path);
	r.buf = xmalloc(LINE_BUF);
	setvbuf(stderr, NULL, _IOFBF, BUFSIZ);
	if (follow)
		start_watch(&r);
	print_available(&r);
	if (follow)
		print_until_over(&r);
	trail_close(&r.trail);
	free(r.buf);
	return 0;
}
