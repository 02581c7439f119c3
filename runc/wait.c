/* wait - wait for a container's end, print its exit code. */
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "lib/die.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/str.h"
#include "runc/ending.h"
#include "runc/runc.h"

/* How long init's parent may take between init's end and our seeing its status. */
enum { TRIES = 1000, NAP_NS = 1000000 };

static const char *ended;

static const struct opt opts[] = {
	{ 0, "ended", OPT_STR, &ended, "CODE|SIGNAL",
	  "do not wait: keep this as how it ended, its parent knows" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--ended CODE|SIGNAL] ID",
	.purpose = "Wait for the container's end, print its exit code.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

static int parse_ended(void)
{
	int n;

	if (!num_int(ended, 0, 255, &n))
		return n << 8;
	n = proc_signal_number(ended);
	if (n < 1)
		diex("--ended: '%s' is neither an exit code nor a signal", ended);
	return n;
}

static void keep(const struct container *c, const struct ending *e)
{
	if (ending_save(c, e))
		warn("keep the exit status of container '%s'", c->id);
}

static void await(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	while (poll(&p, 1, -1) < 0) {
		if (errno != EINTR)
			die("wait for the container's end");
	}
}

/* It has ended; who reaps it may be quicker or slower than we are. */
static void find(const struct container *c, int pidfd, struct ending *e)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	int wstatus;

	for (int i = 0; i < TRIES; i++) {
		if (pidfd >= 0 && !proc_pidfd_status(pidfd, &wstatus)) {
			ending_of(c, wstatus, true, e);
			return;
		}
		if (!ending_find(c, e)) {
			if (!e->finished && pidfd >= 0)
				e->finished = state_now();
			return;
		}
		if (pidfd < 0)
			break;
		nanosleep(&nap, NULL);
	}
	diex("exit status of container '%s' is not known: its parent reaped it and told nobody",
	     c->id);
}

int verb_wait(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_ending_ struct ending e = { 0 };
	_close_ int pidfd = -1;

	argv += runc_parse(argc, argv, &usage, 1, 1);
	/* The lock is free once a create that is under way has ended. */
	xcontainer_load(&c, argv[0], true);
	if (ended) {
		if (container_status(&c) != STATUS_STOPPED)
			diex("container '%s' has not ended", c.id);
		ending_of(&c, parse_ended(), true, &e);
		keep(&c, &e);
		return 0;
	}
	container_unlock(&c);
	pidfd = container_pidfd(&c);
	if (pidfd >= 0)
		await(pidfd);
	find(&c, pidfd, &e);
	keep(&c, &e);
	printf("%lld\n", (long long)e.code);
	return fflush(stdout) ? 1 : 0;
}
