#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "lib/cgroup_private.h"
#include "lib/cgroup_watch.h"
#include "lib/fd.h"
#include "lib/mem.h"

enum { INOTIFY_KEY = -1, EVENTS_MAX = 16 };

static int add_fd(struct cgroup_watch *w, int fd, uint32_t events, int64_t key)
{
	struct epoll_event e = { .events = events, .data.u64 = (uint64_t)key };

	return epoll_ctl(w->epfd, EPOLL_CTL_ADD, fd, &e);
}

int cgroup_watch_open(struct cgroup_watch *w)
{
	*w = (struct cgroup_watch)CGROUP_WATCH_NONE;
	w->epfd = epoll_create1(EPOLL_CLOEXEC);
	w->inofd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->epfd >= 0 && w->inofd >= 0 && add_fd(w, w->inofd, EPOLLIN, INOTIFY_KEY) == 0)
		return 0;
	cgroup_watch_close(w);
	return -1;
}

void cgroup_watch_close(struct cgroup_watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		close_fd(&w->trigger[i].fd);
	free(w->trigger);
	close_fd(&w->inofd);
	close_fd(&w->epfd);
	*w = (struct cgroup_watch)CGROUP_WATCH_NONE;
}

/* inotify takes paths only. */
static int watch_path(struct cgroup_watch *w, int dirfd, const char *name, uint32_t mask)
{
	char link[FD_LINK_MAX];
	_free_ char *path = xasprintf("%s/%s", fd_link(dirfd, link), name);

	return inotify_add_watch(w->inofd, path, mask) < 0 ? -1 : 0;
}

int cgroup_watch_file(struct cgroup_watch *w, int dirfd, const char *file)
{
	return watch_path(w, dirfd, file, IN_MODIFY);
}

int cgroup_watch_removal(struct cgroup_watch *w, const struct cgroup *g)
{
	for (int i = 0; i < g->layout->n; i++) {
		if (g->dirfd[i] >= 0 && *g->path &&
		    watch_path(w, g->dirfd[i], "..", IN_DELETE | IN_ONLYDIR | IN_MASK_ADD) < 0)
			return -1;
	}
	return 0;
}

/* Takes over FD. */
static int add_trigger(struct cgroup_watch *w, int fd, uint32_t events)
{
	if (fd < 0)
		return -1;
	if (add_fd(w, fd, events, (int64_t)w->n) < 0) {
		close_fd(&fd);
		return -1;
	}
	w->trigger = xreallocarray(w->trigger, w->n + 1, sizeof(*w->trigger));
	w->trigger[w->n] = (struct cgroup_trigger){ .fd = fd };
	return (int)w->n++;
}

int cgroup_watch_pressure(struct cgroup_watch *w, int dirfd, const char *file,
			  const char *threshold)
{
	_close_ int fd = openat(dirfd, file, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	/* The kernel wants the NUL as well. */
	if (fd < 0 || write(fd, threshold, strlen(threshold) + 1) < 0)
		return -1;
	return add_trigger(w, steal_fd(&fd), EPOLLPRI);
}

int cgroup_watch_v1(struct cgroup_watch *w, int dirfd, const char *file, const char *args)
{
	_close_ int efd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	_close_ int fd = openat(dirfd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_free_ char *request = xasprintf("%d %d%s%s", efd, fd, *args ? " " : "", args);

	if (efd < 0 || fd < 0 || cgroup_write(dirfd, "cgroup.event_control", request) < 0)
		return -1;
	return add_trigger(w, steal_fd(&efd), EPOLLIN);
}

static void drain(struct cgroup_watch *w, int64_t key, uint32_t events)
{
	char bytes[4096];
	uint64_t times = 1;

	if (key == INOTIFY_KEY) {
		while (read(w->inofd, bytes, sizeof(bytes)) > 0)
			;
		return;
	}
	/* A group that went away leaves a trigger that is always ready. */
	if (events & EPOLLERR ||
	    (events & EPOLLIN && read(w->trigger[key].fd, &times, sizeof(times)) < 0))
		epoll_ctl(w->epfd, EPOLL_CTL_DEL, w->trigger[key].fd, NULL);
	else
		w->trigger[key].fired += times;
}

int cgroup_watch_wait(struct cgroup_watch *w, int timeout_ms)
{
	struct epoll_event e[EVENTS_MAX];
	int n = epoll_wait(w->epfd, e, EVENTS_MAX, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -1;
	for (int i = 0; i < n; i++)
		drain(w, (int64_t)e[i].data.u64, e[i].events);
	return n > 0;
}

bool cgroup_is_removed(const struct cgroup *g)
{
	for (int i = 0; i < g->layout->n; i++) {
		if (g->dirfd[i] >= 0 && !faccessat(g->dirfd[i], "cgroup.procs", F_OK, 0))
			return false;
	}
	return true;
}

int cgroup_watch_patience(const struct cgroup *g)
{
	return cgroup_is_unified(g->layout) ? CGROUP_TOLD_MS : CGROUP_LOOK_MS;
}
