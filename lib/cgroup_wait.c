#include <time.h>

#include "lib/cgroup_private.h"
#include "lib/clock.h"

enum { QUICK_NAPS = 100, QUICK_US = 20, SLOW_US = 1000, SLOWEST_US = 10000 };

struct cgroup_wait cgroup_wait_start(int timeout_ms)
{
	return (struct cgroup_wait){ .deadline_ms = clock_ms() + timeout_ms };
}

static long nap_us(int naps)
{
	if (naps < QUICK_NAPS)
		return QUICK_US;
	return naps < 2 * QUICK_NAPS ? SLOW_US : SLOWEST_US;
}

int cgroup_wait_nap(struct cgroup_wait *w)
{
	struct timespec t = { .tv_nsec = nap_us(w->naps++) * 1000 };

	if (clock_ms() >= w->deadline_ms)
		return set_errno(ETIMEDOUT);
	nanosleep(&t, NULL);
	return 0;
}
