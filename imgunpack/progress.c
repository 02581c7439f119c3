#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "imgunpack/progress.h"
#include "imgunpack/report.h"
#include "lib/io.h"
#include "lib/num.h"
#include "lib/tty.h"

enum { INTERVAL_MS = 100, MB = 1000000 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void progress_start(struct progress *p, const char *verb, int64_t total_bytes, struct tell tell)
{
	*p = (struct progress){
		.on = !tell.quiet && isatty(STDERR_FILENO),
		.json = tell.json,
		.verb = verb,
		.total_bytes = total_bytes,
		.started_ms = now_ms(),
	};
}

/* How much fits into a line; in the last column the terminal would begin another. */
static int columns(void)
{
	const char *s = getenv("COLUMNS");
	struct winsize size;
	int64_t n = 80;

	if (!tty_get_size(STDERR_FILENO, &size) && size.ws_col)
		return size.ws_col - 1;
	if (s && num_i64(s, 1, UINT16_MAX, &n))
		n = 80;
	return (int)n - 1;
}

static void show(const struct progress *p, int64_t now)
{
	double s = (double)(now - p->started_ms + 1) / 1000, mb = (double)p->done_bytes / MB;
	char text[128], line[128 + 8];
	int n;

	snprintf(text, sizeof(text), "%s %.1f of %.1f MB, %.1f MB/s", p->verb, mb,
		 (double)p->total_bytes / MB, mb / s);
	n = snprintf(line, sizeof(line), "\r%.*s\033[K", columns(), text);

	/* A terminal that went away is no reason to stop. */
	if (n > 0 && (size_t)n < sizeof(line) && io_write(STDERR_FILENO, line, (size_t)n))
		return;
}

void progress_add(struct progress *p, int64_t bytes)
{
	int64_t now;

	p->done_bytes += bytes;
	if (!p->on && !p->json)
		return;
	now = now_ms();
	if (now - p->shown_ms < INTERVAL_MS)
		return;
	p->shown_ms = now;
	if (p->json)
		report_progress(p->done_bytes, p->total_bytes);
	if (p->on)
		show(p, now);
}

void progress_end(struct progress *p)
{
	if (p->on && p->shown_ms && io_puts(STDERR_FILENO, "\r\033[K"))
		return;
}
