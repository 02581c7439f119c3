/* events.h - what `cgctl events` looks at: the state of groups, and counters that only rise. */
#ifndef CGCTL_EVENTS_H
#define CGCTL_EVENTS_H

#include "lib/cgroup.h"
#include "lib/cgroup_watch.h"
#include "lib/str.h"

/* A number in a file of a group; an event each time it has risen. */
struct counter {
	const char *event; /* "oom_kill" */
	char *file, *key;  /* key NULL: the file is the number */
	int dirfd;	   /* borrowed from the group */
	const char *by;	   /* "inotify", "eventfd" or "poll" */
	uint64_t last;
};

/* A trigger that counts for itself. */
struct threshold {
	char *what; /* "memory some 150000 2000000", or NULL: v1's out of memory */
	int trigger;
};

struct watched {
	struct cgroup group;
	struct counter *counter;
	size_t n;
	struct threshold *threshold;
	size_t n_thresholds;
	bool polled; /* some counter is nobody's but ours to look at */
	int populated, frozen;
	bool removed;
};

/* Have G, which WATCHED takes over, watched by W, also for PRESSURE thresholds (NULL-terminated,
 * may be NULL): "memory some 150000 2000000". Failures end the program. */
void watched_open(struct watched *x, struct cgroup *g, struct cgroup_watch *w,
		  char *const *pressure);
void watched_close(struct watched *x);

#endif
