/* logging.c - what a stream brought, cut into records, to every log. */
#include "shim/monitor.h"

static void put_everywhere(struct monitor *m, const struct record *rec, const struct stamp *st)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		logfile_put(m->logs[i], rec, st);
}

/* All pieces of a long line carry the time of the first, as dockerd has it; pieces that are logged
 * as they come have their own, as conmon has it. */
static const struct stamp *stamp_of(struct stream *s, const struct record *rec,
				    const struct stamp *now)
{
	const struct stamp *st = s->mid_line && !s->m->plan->flush_pieces ? &s->line_began : now;

	if (rec->partial && !s->mid_line)
		s->line_began = *now;
	s->mid_line = rec->partial;
	return st;
}

void logging_take(struct monitor *m, struct stream *s, bool flush)
{
	struct record rec = { .stream = s->number };
	struct timespec ts;
	struct stamp now;
	size_t n;

	if (s->cut == s->used)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (m->n_logs)
		stamp_set(&now, &ts);
	while (s->cut < s->used &&
	       (n = record_next(s->buf + s->cut, s->used - s->cut, flush, &rec))) {
		put_everywhere(m, &rec, stamp_of(s, &rec, &now));
		s->cut += n;
	}
	for (unsigned i = 0; i < m->n_logs; i++)
		logfile_flush(m->logs[i]);
}

void logging_reopen(struct monitor *m)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		(void)!logfile_reopen(m->logs[i]);
}

void logging_relax(struct monitor *m)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		logfile_relax(m->logs[i]);
}
