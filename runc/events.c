/* events - a container's use of resources and its OOM kills, an object a line. */
#include <poll.h>

#include "lib/clock.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/num.h"
#include "runc/group.h"
#include "runc/oom.h"
#include "runc/runc.h"
#include "runc/stats.h"

enum { NS_PER_MS = 1000000 };

static const char *interval = "5s";
static bool once;

static const struct opt opts[] = {
	{ 0, "interval", OPT_STR, &interval, "TIME", "between two looks (5s)" },
	{ 0, "stats", OPT_FLAG, &once, NULL, "look once, now" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--interval TIME | --stats] ID",
	.purpose = "Tell what the container uses and when it is out of memory, as JSON lines.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

/* The line is one write: a reader of a pipe gets it whole. */
static void tell(const char *type, const struct container *c, const struct cgroup *g)
{
	_buf_ struct buf line = { 0 };
	struct emit e = { .out = &line, .html = true };

	emit_object(&e, NULL);
	emit_str(&e, "type", type);
	emit_str(&e, "id", c->id);
	if (g)
		stats_emit(&e, "data", c, g);
	emit_end(&e);
	buf_addc(&line, '\n');
	if (io_write(STDOUT_FILENO, line.data, line.len))
		die("cannot write");
}

static void follow(const struct container *c, const struct cgroup *g, int pidfd, int64_t every_ms)
{
	struct oom_watch oom;
	int64_t next = clock_ms() + every_ms;

	if (oom_open(&oom, g))
		die("watch for OOM kills of container '%s'", c->id);

	struct pollfd p[] = { { .fd = oom.oom.bellfd, .events = POLLIN },
			      { .fd = pidfd, .events = POLLIN } };

	while (!p[1].revents) {
		int64_t left = next - clock_ms();
		int n = poll(p, ARRAY_LEN(p),
			     left > 0 ? (int)(left < INT32_MAX ? left : INT32_MAX) : 0);

		if (n < 0 && errno != EINTR)
			die("wait for events");
		for (uint64_t k = n > 0 ? oom_take(&oom) : 0; k; k--)
			tell("oom", c, NULL);
		if (!n) {
			tell("stats", c, g);
			next += every_ms;
		}
	}
	oom_close(&oom);
}

int verb_events(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_group_ struct group g = GROUP_NONE;
	_close_ int pidfd = -1;
	int64_t every_ns;

	argv += runc_parse(argc, argv, &usage, 1, 1);
	xcontainer_load(&c, argv[0], false);
	if (num_duration_ns(interval, &every_ns) || every_ns < NS_PER_MS)
		diex("duration interval must be greater than 0");
	pidfd = container_pidfd(&c);
	if (pidfd < 0)
		diex("container with id %s is not running", c.id);
	xgroup_open(&g, &c);
	if (once)
		tell("stats", &c, &g.cgroup);
	else
		follow(&c, &g.cgroup, pidfd, every_ns / NS_PER_MS);
	return 0;
}
