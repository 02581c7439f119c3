/* v2_oom.c - an event when a container's memory has run out, while it runs.
 *
 * v1 signals an eventfd, also when the group goes; v2 changes memory.events, which inotify sees.
 * What happened is read from the group.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "lib/cgroup.h"
#include "lib/fd.h"
#include "lib/num.h"
#include "lib/str.h"
#include "shim/v2.h"

enum { COUNTERS_MAX = 4096 };

/* oom_kill of memory.events (v2), of memory.oom_control (v1, since 4.13). -1: the group has gone.
 */
static int read_kills(int fd, uint64_t *kills)
{
	char text[COUNTERS_MAX], *save = NULL;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -1;
	text[n] = '\0';
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		const char *number = str_after(l, "oom_kill ");

		if (number)
			return num_u64(number, UINT64_MAX, kills);
	}
	return 0;
}

static void oom_ready(struct source *src, uint32_t events _unused_)
{
	struct task *t = container_of(src, struct task, oom.src);
	char ignored[1024];
	uint64_t kills = t->oom.kills;

	if (read(src->fd, ignored, sizeof(ignored)) < 0 && errno == EAGAIN)
		return;
	if (read_kills(t->oom.counterfd, &kills) < 0) {
		oom_forget(t);
		return;
	}
	/* v1 tells before it kills, so there the event is what counts. */
	if (t->oom.is_v2 && kills <= t->oom.kills)
		return;
	t->oom.kills = kills;
	event_publish(t->server, "/tasks/oom", "containerd.events.TaskOOM", &pb_event_process,
		      &(struct task_event){ .container_id = t->id });
}

static int watch_v1(struct oom *o, int dirfd)
{
	char words[64];
	int n;

	o->counterfd = openat(dirfd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	o->src.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	n = snprintf(words, sizeof(words), "%d %d", o->src.fd, o->counterfd);
	return o->counterfd < 0 || o->src.fd < 0 || n < 0
		       ? -1
		       : cgroup_write(dirfd, "cgroup.event_control", words);
}

static int watch_v2(struct oom *o, int dirfd)
{
	char path[FD_LINK_MAX + 32], link[FD_LINK_MAX];

	snprintf(path, sizeof(path), "%s/memory.events", fd_link(dirfd, link));
	o->counterfd = openat(dirfd, "memory.events", O_RDONLY | O_CLOEXEC);
	o->src.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (o->counterfd < 0 || o->src.fd < 0)
		return -1;
	return inotify_add_watch(o->src.fd, path, IN_MODIFY) < 0 ? -1 : 0;
}

static int watch(struct task *t)
{
	struct cgroup_layout layout;
	_cgroup_ struct cgroup group = CGROUP_NONE;
	int dirfd, rc = -1;

	if (cgroup_layout_open(&layout, NULL) < 0)
		return -1;
	if (cgroup_open_pid(&group, &layout, t->init.pid) == 0 &&
	    (dirfd = cgroup_dirfd(&group, CGROUP_MEMORY)) >= 0) {
		t->oom.is_v2 = cgroup_on_v2(&group, CGROUP_MEMORY);
		rc = t->oom.is_v2 ? watch_v2(&t->oom, dirfd) : watch_v1(&t->oom, dirfd);
	}
	cgroup_close(&group);
	cgroup_layout_close(&layout);
	return rc;
}

void oom_begin(struct task *t)
{
	t->oom.src.ready = oom_ready;
	/* A container without a memory group of its own has no such events. */
	if (watch(t) < 0 || read_kills(t->oom.counterfd, &t->oom.kills) < 0 ||
	    loop_watch(&t->server->loop, &t->oom.src, EPOLLIN) < 0)
		oom_forget(t);
}

void oom_forget(struct task *t)
{
	loop_close(&t->server->loop, &t->oom.src);
	close_fd(&t->oom.counterfd);
	t->oom.counterfd = -1;
}
