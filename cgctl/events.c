/* cgctl events - print what happens to groups, an object a line.
 *
 * The first line of a group says how each kind of event is learnt: where the kernel tells of
 * nothing (who is in a v1 group), we have to look now and then, and can miss what does not last.
 */
#include <string.h>

#include "cgctl/events.h"
#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/clock.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/utc.h"

static struct strv pressure;
static int count = -1, timeout_s = -1, interval_ms = 250;

/* "memory:some:150000/2000000" becomes what the kernel takes: "memory some 150000 2000000". */
static void add_pressure(const char *text)
{
	_strv_ struct strv part = { 0 };
	char *slash;

	strv_split(&part, text, ':');
	slash = part.n == 3 ? strchr(part.v[2], '/') : NULL;
	if (!slash || (strcmp(part.v[1], "some") && strcmp(part.v[1], "full")) || !*part.v[0] ||
	    strchr(part.v[0], '/') || strchr(part.v[0], ' '))
		opt_misuse("'%s' is not RESOURCE:some|full:STALL_US/WINDOW_US", text);
	*slash = ' ';
	strv_take(&pressure, xasprintf("%s %s %s", part.v[0], part.v[1], part.v[2]));
}

static const struct opt opts[] = {
	{ 'p', "pressure", OPT_CALL, opt_fn(add_pressure), "RESOURCE:KIND:STALL/WINDOW",
	  "tell of stalls too: memory:some:150000/2000000 (us)" },
	{ 'n', "count", OPT_INT, &count, "N", "end after N events" },
	{ 't', "timeout", OPT_INT, &timeout_s, "SECONDS", "end after this long" },
	{ 'i', "interval", OPT_INT, &interval_ms, "MS",
	  "look so often where the kernel tells nothing (250)" },
	{ 0 }
};

static int printed;

static void begin(struct emit *e, const struct watched *x, const char *event)
{
	char now[UTC_MAX];

	emit_object(e, NULL);
	emit_str(e, "time", utc_now(6, now));
	emit_str(e, "group", x->group.path);
	emit_str(e, "event", event);
}

/* A line at once: a reader waits for it. */
static void end(struct emit *e)
{
	emit_end(e);
	buf_addc(e->out, '\n');
	if (io_write(STDOUT_FILENO, e->out->data, e->out->len) < 0)
		die("write standard output");
}

static void print_event(struct emit *e)
{
	end(e);
	if (++printed == count)
		exit(0);
}

static void emit_source(struct emit *e, const char *event, const char *by, const char *reason)
{
	emit_object(e, NULL);
	emit_str(e, "event", event);
	emit_str(e, "by", by);
	emit_str_if(e, "reason", reason);
	emit_end(e);
}

static bool is_on_v2_alone(const struct watched *x)
{
	return cgroup_is_unified(x->group.layout);
}

static void print_start(const struct watched *x)
{
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out };
	bool told = is_on_v2_alone(x);
	const char *by = told ? "inotify" : "poll";
	const char *why = told ? NULL
			       : "cgroup v1 does not tell who is in a group, or that it froze";

	begin(&e, x, "start");
	emit_bool(&e, "populated", x->populated > 0);
	emit_bool(&e, "frozen", x->frozen > 0);
	emit_array(&e, "sources");
	emit_source(&e, "populated", by, why);
	emit_source(&e, "frozen", by, why);
	for (size_t i = 0; i < x->n; i++) {
		const struct counter *c = &x->counter[i];

		emit_source(&e, c->event, c->by,
			    strcmp(c->by, "poll") ? NULL : "cgroup v1 does not tell of it");
	}
	for (size_t i = 0; i < x->n_thresholds; i++)
		emit_source(&e, x->threshold[i].what ? "pressure" : "oom",
			    x->threshold[i].what ? "trigger" : "eventfd", NULL);
	emit_end(&e);
	end(&e);
}

static void print_flag(const struct watched *x, const char *event, bool on)
{
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out };

	begin(&e, x, event);
	emit_bool(&e, event, on);
	print_event(&e);
}

static void print_count(const struct watched *x, const struct counter *c, uint64_t now)
{
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out };

	begin(&e, x, c->event);
	if (!strncmp(c->file, "hugetlb.", 8))
		emit_strn(&e, "size", c->file + 8, strcspn(c->file + 8, "."));
	emit_u64(&e, "count", now - c->last);
	emit_u64(&e, "total", now);
	print_event(&e);
}

static void look_at_counters(struct watched *x)
{
	for (size_t i = 0; i < x->n; i++) {
		struct counter *c = &x->counter[i];
		uint64_t now;
		int rc = c->key ? cgroup_read_key(c->dirfd, c->file, c->key, &now)
				: cgroup_read_u64(c->dirfd, c->file, &now);

		if (rc == 0 && now > c->last)
			print_count(x, c, now);
		if (rc == 0)
			c->last = now;
	}
}

/* "avg10=1.23" of the line that the threshold is about. */
static void emit_averages(struct emit *e, const struct watched *x, const struct strv *part)
{
	_free_ char *file = xasprintf("%s.pressure", part->v[0]);
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };

	if (cgroup_read(x->group.dirfd[x->group.layout->unified], file, &text) < 0)
		return;
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		if (str_starts(lines.v[i], part->v[1]))
			emit_str(e, "now", lines.v[i] + strlen(part->v[1]) + 1);
	}
}

static void print_threshold(const struct watched *x, const struct threshold *t)
{
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out };
	_strv_ struct strv part = { 0 };

	begin(&e, x, t->what ? "pressure" : "oom");
	if (t->what) {
		strv_split(&part, t->what, ' ');
		emit_str(&e, "resource", part.v[0]);
		emit_str(&e, "kind", part.v[1]);
		emit_averages(&e, x, &part);
	}
	print_event(&e);
}

static void look_at_thresholds(struct watched *x, struct cgroup_watch *w)
{
	for (size_t i = 0; i < x->n_thresholds; i++) {
		struct cgroup_trigger *t = &w->trigger[x->threshold[i].trigger];

		/* Removal makes v1's eventfd ready, too. */
		if (t->fired && !x->removed)
			print_threshold(x, &x->threshold[i]);
		t->fired = 0;
	}
}

static void look_at(struct watched *x, struct cgroup_watch *w)
{
	int populated = cgroup_is_populated(&x->group), frozen = cgroup_is_frozen(&x->group);
	bool removed = cgroup_is_removed(&x->group);

	x->removed = removed;
	look_at_thresholds(x, w);
	look_at_counters(x);
	if (!removed && frozen >= 0 && frozen != x->frozen)
		print_flag(x, "frozen", frozen);
	if (populated >= 0 && populated != x->populated)
		print_flag(x, "populated", populated);
	x->populated = populated;
	x->frozen = frozen;
	if (removed)
		print_flag(x, "removed", true);
}

/* Until every group is gone, or time is over. */
static void run(struct watched *x, size_t n, struct cgroup_watch *w)
{
	int64_t deadline = clock_ms() + group_timeout_ms(timeout_s < 0 ? 0 : timeout_s);
	bool told = true;
	size_t left = n;

	for (size_t i = 0; i < n; i++)
		told &= is_on_v2_alone(&x[i]) && !x[i].polled;
	while (left) {
		int64_t patience = told ? CGROUP_TOLD_MS : interval_ms;

		if (timeout_s >= 0 && deadline - clock_ms() < patience)
			patience = deadline - clock_ms();
		if (patience < 0)
			return;
		if (cgroup_watch_wait(w, (int)patience) < 0)
			die("wait for events");
		for (size_t i = 0; i < n; i++) {
			if (x[i].removed)
				continue;
			look_at(&x[i], w);
			left -= x[i].removed;
		}
	}
}

int cgctl_events(int argc, char **argv)
{
	const struct usage u = {
		"[-p RESOURCE:KIND:STALL/WINDOW]... [-n N] [-t SECONDS] [-i MS] GROUP...",
		"Print what happens to groups, as JSON, a line an event.", opts, 0, NULL
	};
	struct cgroup_layout layout;
	_cgroup_watch_ struct cgroup_watch w = CGROUP_WATCH_NONE;
	_free_ struct watched *x = NULL;
	int at = opt_parse(argc, argv, &u);
	size_t n = 0;

	opt_operands(argc - at, 1, -1);
	if (interval_ms < 1)
		opt_misuse("an interval of 0 ms would be a busy loop");
	x = xcalloc((size_t)(argc - at), sizeof(*x));
	xlayout_open(&layout);
	if (cgroup_watch_open(&w) < 0)
		die("wait for events");
	for (; at < argc; at++) {
		_cgroup_ struct cgroup g = CGROUP_NONE;

		xgroup_open(&g, &layout, argv[at]);
		watched_open(&x[n++], &g, &w, pressure.v);
	}
	for (size_t i = 0; i < n; i++)
		print_start(&x[i]);
	run(x, n, &w);
	for (size_t i = 0; i < n; i++)
		watched_close(&x[i]);
	cgroup_layout_close(&layout);
	return 0;
}
