/* cgroup_watch.h - being told that something happened in groups, instead of looking again and
 * again.
 *
 * The kernel tells of files named *.events by inotify (v2's, and v1's pids.events), of pressure by
 * triggers (v2), of v1's out of memory by cgroup.event_control. Nobody tells who is in a v1 group,
 * or that it froze: there one has to look. A watch says only that it is time to look; what happened
 * is read. Failure: -1 and errno.
 */
#ifndef LIB_CGROUP_WATCH_H
#define LIB_CGROUP_WATCH_H

#include "lib/cgroup.h"

struct cgroup_trigger {
	int fd;
	uint64_t fired; /* how often since the caller last zeroed it */
};

struct cgroup_watch {
	int epfd, inofd;
	struct cgroup_trigger *trigger;
	size_t n;
};

#define CGROUP_WATCH_NONE \
	{ \
		.epfd = -1, .inofd = -1 \
	}
#define _cgroup_watch_ __attribute__((cleanup(cgroup_watch_close)))

int cgroup_watch_open(struct cgroup_watch *w);
void cgroup_watch_close(struct cgroup_watch *w);
/* Tell when FILE of a group changes; ENOENT: no such file. */
int cgroup_watch_file(struct cgroup_watch *w, int dirfd, const char *file);
/* Tell when a group is removed from the directory that holds G, in any hierarchy. */
int cgroup_watch_removal(struct cgroup_watch *w, const struct cgroup *g);
/* Tell by trigger, whose index is returned, of pressure ("some 150000 1000000" into
 * "memory.pressure"); EINVAL: the kernel does not take that threshold. */
int cgroup_watch_pressure(struct cgroup_watch *w, int dirfd, const char *file,
			  const char *threshold);
/* Tell by trigger of what v1's event_control has for FILE, as memory.oom_control. It fires once
 * when the group is removed, too. */
int cgroup_watch_v1(struct cgroup_watch *w, int dirfd, const char *file, const char *args);
/* Wait, TIMEOUT_MS at most (-1: for ever): 1 when told of something, 0 when not. */
int cgroup_watch_wait(struct cgroup_watch *w, int timeout_ms);

/* Is the group gone from every hierarchy? */
bool cgroup_is_removed(const struct cgroup *g);
/* How long, in ms, one may rely on being told that G is no longer (or newly) populated or frozen.
 * With only v2 in it long, else as often as one has to look. */
enum { CGROUP_LOOK_MS = 100, CGROUP_TOLD_MS = 1000 };
int cgroup_watch_patience(const struct cgroup *g);

#endif
