#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "lib/cgroup_oom.h"
#include "lib/cgroup_private.h"
#include "lib/fd.h"

enum { COUNTERS_MAX = 4096 };

int cgroup_oom_kills(const struct cgroup *g, uint64_t *out)
{
	int dirfd = cgroup_dirfd(g, CGROUP_MEMORY);
	bool v2 = cgroup_on_v2(g, CGROUP_MEMORY);

	if (dirfd < 0)
		return -1;
	return cgroup_read_key(dirfd, v2 ? "memory.events" : "memory.oom_control", "oom_kill", out);
}

int cgroup_oom_open(struct cgroup_oom *o, int dirfd, bool v2)
{
	*o = (struct cgroup_oom){ -1, -1, v2 };
	o->counterfd = openat(dirfd, v2 ? "memory.events" : "memory.oom_control",
			      O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return o->counterfd < 0 ? -1 : 0;
}

static int ring_v1(int counterfd, int dirfd)
{
	_close_ int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char line[32];

	snprintf(line, sizeof(line), "%d %d", fd, counterfd);
	return fd < 0 || cgroup_write(dirfd, "cgroup.event_control", line) < 0 ? -1 : steal_fd(&fd);
}

static int ring_v2(int counterfd)
{
	_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char link[FD_LINK_MAX];

	if (fd < 0 || inotify_add_watch(fd, fd_link(counterfd, link), IN_MODIFY) < 0)
		return -1;
	return steal_fd(&fd);
}

int cgroup_oom_ring(struct cgroup_oom *o, int dirfd)
{
	o->bellfd = o->v2 ? ring_v2(o->counterfd) : ring_v1(o->counterfd, dirfd);
	return o->bellfd < 0 ? -1 : 0;
}

int cgroup_oom_count(const struct cgroup_oom *o, uint64_t *kills)
{
	char text[COUNTERS_MAX];
	ssize_t n = o->counterfd < 0 ? -1 : pread(o->counterfd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -1;
	text[n] = '\0';
	return cgroup_find_key(text, "oom_kill", kills);
}

bool cgroup_oom_hush(const struct cgroup_oom *o)
{
	char block[4096];
	bool rang = false;

	while (read(o->bellfd, block, sizeof(block)) > 0)
		rang = true;
	return rang;
}

void cgroup_oom_close(struct cgroup_oom *o)
{
	close_fd(&o->bellfd);
	close_fd(&o->counterfd);
	*o = (struct cgroup_oom)CGROUP_OOM_NONE;
}
