/* shim health - ask a container again and again whether it is well. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/json.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "shim/events.h"
#include "shim/health.h"
#include "shim/leave.h"
#include "shim/monitor.h"
#include "shim/place.h"
#include "shim/verbs.h"

#define PROBE_PID ".health.pid"

enum { STATE_MS = 10000, STATE_MAX = 1 << 20, NS_PER_MS = 1000000 };

static const char *dir, *interval = "30s", *timeout = "30s", *start_period = "0s",
			*start_interval = "5s";
static int retries = 3;
static bool foreground, kill_it;

static const struct opt opts[] = {
	{ 0, "interval", OPT_STR, &interval, "TIME",
	  "from the end of a probe to the next (default: 30s)" },
	{ 0, "timeout", OPT_STR, &timeout, "TIME",
	  "a probe that takes longer fails (default: 30s)" },
	{ 0, "start-period", OPT_STR, &start_period, "TIME",
	  "failures do not count before this, or the first success (default: 0s)" },
	{ 0, "start-interval", OPT_STR, &start_interval, "TIME",
	  "the interval meanwhile (default: 5s)" },
	{ 0, "retries", OPT_INT, &retries, "N", "unhealthy after so many failures (default: 3)" },
	{ 0, "kill", OPT_FLAG, &kill_it, NULL, "kill the container once it is unhealthy" },
	{ 0, "foreground", OPT_FLAG, &foreground, NULL, "stay until the container has ended" },
	{ 0, "dir", OPT_STR, &dir, "DIR",
	  "the container's directory (default: $LASH_RUN/shim/ID)" },
	{ 0 },
};

struct checkup {
	const char *id;
	char **command;
	int dirfd, events_fd;
	int interval_ms, timeout_ms, start_period_ms, start_interval_ms;

	struct health_state state;
	struct probe probes[PROBES_KEPT];
	char outputs[PROBES_KEPT][PROBE_OUTPUT_MAX];
	unsigned n_probes; /* ever; the latest are kept */
	int pid;	   /* of the run they are of */
	struct timespec began;
};

/* Less than LEAST is misuse. */
static int parse_ms(const char *what, const char *text, int least)
{
	int64_t ns;

	if (num_duration_ns(text, &ns) < 0 || ns / NS_PER_MS > INT32_MAX || ns < 0)
		opt_misuse("bad %s '%s'", what, text);
	if (ns / NS_PER_MS < least)
		opt_misuse("bad %s '%s': less than %dms", what, text, least);
	return (int)(ns / NS_PER_MS);
}

/* RUNTIME [ARG]... VERB, as the container was made. */
static void runtime_words(const struct checkup *c, struct strv *argv, const char *verb)
{
	if (place_lines(c->dirfd, PLACE_RUNTIME, argv) < 0 || !argv->n)
		strv_add(argv, "runc");
	strv_add(argv, verb);
}

/* "running" and the like; malloc'd, NULL when there is no telling. */
static char *runtime_status(const struct checkup *c)
{
	_strv_ struct strv argv = { 0 };
	_free_ char *text = xmalloc(STATE_MAX);
	struct probe p = { .output = text, .max = STATE_MAX };
	char why[JSON_WHY_MAX];
	const struct json *status;

	runtime_words(c, &argv, "state");
	strv_add(&argv, c->id);
	probe_run(&p, argv.v, STATE_MS, c->dirfd, PROBE_PID);

	_json_ struct json *state = p.code == 0 ? json_parse(text, p.len, 0, why) : NULL;

	status = state ? json_find(state, "status") : NULL;
	return status && status->type == JSON_STRING ? xstrdup(status->text) : NULL;
}

static void emit_moment(struct emit *j, const char *key, const struct timespec *ts)
{
	struct stamp st;

	stamp_set(&st, ts);
	emit_strn(j, key, st.utc, st.utc_len);
}

/* Docker's State.Health. */
static void record(const struct checkup *c)
{
	_buf_ struct buf text = { 0 };
	struct emit j = { .out = &text };
	unsigned first = c->n_probes > PROBES_KEPT ? c->n_probes - PROBES_KEPT : 0;

	emit_object(&j, NULL);
	emit_str(&j, "Status", health_name(c->state.status));
	emit_u64(&j, "FailingStreak", c->state.streak);
	emit_array(&j, "Log");
	for (unsigned i = first; i < c->n_probes; i++) {
		const struct probe *p = &c->probes[i % PROBES_KEPT];

		emit_object(&j, NULL);
		emit_moment(&j, "Start", &p->start);
		emit_moment(&j, "End", &p->end);
		emit_int(&j, "ExitCode", p->code);
		emit_strn(&j, "Output", p->output, p->len);
		emit_end(&j);
	}
	emit_end(&j);
	emit_end(&j);
	buf_addc(&text, '\n');
	(void)!file_replace(c->dirfd, PLACE_HEALTH_JSON, 0644, text.data, text.len, false);
	(void)!file_put_line(c->dirfd, PLACE_HEALTH, health_name(c->state.status));
}

static void tell(const struct checkup *c)
{
	struct event ev;

	event_begin(&ev, c->id, "health");
	emit_str(&ev.j, "status", health_name(c->state.status));
	event_end(&ev, c->events_fd);
}

static void kill_container(const struct checkup *c)
{
	_strv_ struct strv argv = { 0 };
	struct probe p = { 0 };

	runtime_words(c, &argv, "kill");
	strv_add(&argv, c->id);
	strv_add(&argv, "KILL");
	probe_run(&p, argv.v, STATE_MS, c->dirfd, PROBE_PID);
}

static int64_t ms_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000LL + (now.tv_nsec - then->tv_nsec) / 1000000;
}

static bool is_starting_up(const struct checkup *c)
{
	return c->state.status == HEALTH_STARTING && ms_since(&c->began) < c->start_period_ms;
}

static void probe(struct checkup *c)
{
	struct probe *p = &c->probes[c->n_probes % PROBES_KEPT];
	_free_ char *pid_file = NULL, *place = fd_path(c->dirfd);
	_strv_ struct strv argv = { 0 };
	/* What began in the start period belongs to it. */
	bool starting_up = is_starting_up(c), changed;

	p->output = c->outputs[c->n_probes % PROBES_KEPT];
	p->max = PROBE_OUTPUT_MAX;
	pid_file = xasprintf("%s/%s", place ? place : ".", PROBE_PID);
	runtime_words(c, &argv, "exec");
	strv_add(&argv, "--pid-file");
	strv_add(&argv, pid_file);
	strv_add(&argv, c->id);
	for (char **word = c->command; *word; word++)
		strv_add(&argv, *word);
	probe_run(p, argv.v, c->timeout_ms, c->dirfd, PROBE_PID);
	c->n_probes++;
	changed = health_take(&c->state, p->code, starting_up, (uint32_t)retries);
	record(c);
	if (changed)
		tell(c);
	if (changed && c->state.status == HEALTH_UNHEALTHY && kill_it)
		kill_container(c);
}

static int read_pid(const struct checkup *c, const char *name)
{
	_free_ char *line = file_read_line(c->dirfd, name);
	int pid;

	return line && num_int(line, 1, INT32_MAX, &pid) == 0 ? pid : 0;
}

/* A run of its own, as after a restart, starts from the beginning. */
static void begin_run(struct checkup *c, int pid)
{
	c->pid = pid;
	c->state = (struct health_state){ 0 };
	c->n_probes = 0;
	clock_gettime(CLOCK_MONOTONIC, &c->began);
	record(c);
}

/* Wait for the next probe. Returns false once the container has ended for good. A shim that was
 * killed has not ended it: the probes go on, and another one may take over. */
static bool await_turn(const struct checkup *c)
{
	int ms = is_starting_up(c) ? c->start_interval_ms : c->interval_ms, pid, code;
	_close_ int shim = -1;
	struct pollfd p;
	struct stat st;

	pid = read_pid(c, PLACE_SHIM_PID);
	shim = pid && !place_is_over(c->dirfd) ? proc_pidfd_open(pid) : -1;
	p = (struct pollfd){ shim, POLLIN, 0 };
	(void)!poll(&p, 1, ms);
	return place_exit_code(c->dirfd, &code) < 0 && !fstat(c->dirfd, &st) && st.st_nlink;
}

static void look_after(struct checkup *c)
{
	begin_run(c, read_pid(c, PLACE_PID));
	while (await_turn(c)) {
		_free_ char *status = runtime_status(c);
		int pid = read_pid(c, PLACE_PID);

		if (pid && pid != c->pid)
			begin_run(c, pid);
		/* Paused, or down for a moment: it is not asked. */
		else if (status && str_eq(status, "running"))
			probe(c);
	}
}

int shim_health(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... ID -- COMMAND [ARG]...",
				 "Ask a container again and again whether it is well.", opts,
				 .flags = OPT_STOP };
	static struct checkup c = { .events_fd = -1 };
	int at = opt_parse(argc, argv, &u);
	_free_ char *events = NULL;

	if (at >= argc)
		opt_misuse("need a container");
	c.id = argv[at++];
	if (at < argc && str_eq(argv[at], "--"))
		at++;
	if (at >= argc)
		opt_misuse("need a command");
	if (retries < 1)
		opt_misuse("--retries must be at least 1");
	c.command = argv + at;
	/* We live as long as the container; our caller's descriptors are not ours to hold. */
	close_range(3, ~0U, 0);
	c.interval_ms = parse_ms("interval", interval, 1);
	c.timeout_ms = parse_ms("timeout", timeout, 1);
	c.start_period_ms = parse_ms("start period", start_period, 0);
	c.start_interval_ms = parse_ms("start interval", start_interval, 1);
	c.dirfd = place_xopen(dir, c.id);
	if (!read_pid(&c, PLACE_PID))
		diex("container '%s' was never made", c.id);
	events = file_read_line(c.dirfd, PLACE_EVENTS);
	if (events)
		c.events_fd = events_open(events);
	if (!foreground && xfork() > 0)
		return 0;
	if (!foreground)
		leave_starter(false);
	signal(SIGPIPE, SIG_IGN);
	look_after(&c);
	return 0;
}
