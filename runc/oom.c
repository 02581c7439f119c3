#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "lib/fd.h"
#include "runc/oom.h"

/* v1: an eventfd that the memory controller writes to. Since it also does when the group goes, the
 * counter is what is believed. */
static int watch_v1(int dirfd)
{
	_close_ int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	_close_ int controlfd = openat(dirfd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	char line[32];

	if (fd < 0 || controlfd < 0)
		return -1;
	snprintf(line, sizeof(line), "%d %d", fd, controlfd);
	if (cgroup_write(dirfd, "cgroup.event_control", line))
		return -1;
	return steal_fd(&fd);
}

static int watch_v2(int dirfd)
{
	_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	_close_ int eventsfd = openat(dirfd, "memory.events", O_RDONLY | O_CLOEXEC);
	char link[FD_LINK_MAX];

	if (fd < 0 || eventsfd < 0 || inotify_add_watch(fd, fd_link(eventsfd, link), IN_MODIFY) < 0)
		return -1;
	return steal_fd(&fd);
}

int oom_open(struct oom_watch *w, const struct cgroup *g)
{
	int dirfd = cgroup_dirfd(g, CGROUP_MEMORY);

	*w = (struct oom_watch){ .fd = -1, .v2 = cgroup_on_v2(g, CGROUP_MEMORY) };
	if (dirfd < 0)
		return 0;
	w->fd = w->v2 ? watch_v2(dirfd) : watch_v1(dirfd);
	if (w->fd < 0)
		return -1;
	if (cgroup_oom_kills(g, &w->kills))
		w->kills = 0;
	return 0;
}

uint64_t oom_take(struct oom_watch *w, const struct cgroup *g)
{
	char block[4096];
	uint64_t now, news;

	while (read(w->fd, block, sizeof(block)) > 0)
		continue;
	if (cgroup_oom_kills(g, &now) || now <= w->kills)
		return 0;
	news = now - w->kills;
	w->kills = now;
	return news;
}

void oom_close(struct oom_watch *w)
{
	close_fd(&w->fd);
	w->fd = -1;
}
