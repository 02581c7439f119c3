#include <stdio.h>
#include <time.h>

#include "imgunpack/progress.h"
#include "imgunpack/report.h"
#include "lib/io.h"

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

static void show(const struct progress *p, int64_t now)
{
	double s = (double)(now - p->started_ms + 1) / 1000, mb = (double)p->done_bytes / MB;
	char line[128];
	int n = snprintf(line, sizeof(line), "\r%s %.1f of %.1f MB, %.1f MB/s\033[K", p->verb, mb,
			 (double)p->total_bytes / MB, mb / s);

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
