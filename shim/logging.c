/* logging.c - what a stream brought, cut into records, to every log. */
#include "shim/monitor.h"

static void put_everywhere(struct monitor *m, const struct record *rec, const struct stamp *st)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		m->logs[i]->driver->put(m->logs[i], rec, st);
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

	if (!m->n_logs)
		s->cut = s->used;
	if (s->cut == s->used)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	stamp_set(&now, &ts);
	while (s->cut < s->used &&
	       (n = record_next(s->buf + s->cut, s->used - s->cut, flush, &rec))) {
		put_everywhere(m, &rec, stamp_of(s, &rec, &now));
		s->cut += n;
	}
}

void logging_flush(struct monitor *m)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		m->logs[i]->driver->flush(m->logs[i]);
}

void logging_start(struct monitor *m)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		if (m->logs[i]->driver->start)
			m->logs[i]->driver->start(m->logs[i], m);
}

void logging_reopen(struct monitor *m)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		if (m->logs[i]->driver->reopen)
			(void)!m->logs[i]->driver->reopen(m->logs[i]);
}

void logging_relax(struct monitor *m)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		m->logs[i]->driver->relax(m->logs[i]);
}

bool logging_pending(const struct monitor *m)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		if (m->logs[i]->driver->pending && m->logs[i]->driver->pending(m->logs[i]))
			return true;
	return false;
}

bool logging_reaped(struct monitor *m, pid_t pid, int wait_status)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		if (m->logs[i]->driver->reaped &&
		    m->logs[i]->driver->reaped(m->logs[i], pid, wait_status))
			return true;
	return false;
}

void logging_finish(struct monitor *m)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		m->logs[i]->driver->finish(m->logs[i], m->plan->sync_logs);
}

void logging_abandon(struct monitor *m)
{
	for (unsigned i = 0; i < m->n_logs; i++)
		m->logs[i]->driver->abandon(m->logs[i]);
}
