/* v2_oom.c - an event when a container's memory has run out, while it runs.
 *
 * v1 signals an eventfd, also when the group goes; v2 changes memory.events, which inotify sees.
 * What happened is read from the group.
 */
#include "lib/cgroup.h"
#include "shim/v2.h"

static void oom_ready(struct source *src, uint32_t events _unused_)
{
	struct task *t = container_of(src, struct task, oom.src);
	uint64_t kills = t->oom.kills;

	if (!cgroup_oom_hush(&t->oom.killer))
		return;
	if (cgroup_oom_count(&t->oom.killer, &kills) < 0 && errno == ENODEV) {
		oom_forget(t);
		return;
	}
	/* v1 tells before it kills, so there the event is what counts. */
	if (t->oom.killer.v2 && kills <= t->oom.kills)
		return;
	t->oom.kills = kills;
	event_publish(t->server, "/tasks/oom", "containerd.events.TaskOOM", &pb_event_process,
		      &(struct task_event){ .container_id = t->id });
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
		rc = cgroup_oom_open(&t->oom.killer, dirfd, cgroup_on_v2(&group, CGROUP_MEMORY)) ||
		     cgroup_oom_ring(&t->oom.killer, dirfd);
		t->oom.src.fd = t->oom.killer.bellfd;
	}
	cgroup_close(&group);
	cgroup_layout_close(&layout);
	return rc;
}

void oom_begin(struct task *t)
{
	t->oom.src.ready = oom_ready;
	/* A container without a memory group of its own has no such events. */
	if (watch(t) || cgroup_oom_count(&t->oom.killer, &t->oom.kills) < 0 ||
	    loop_watch(&t->server->loop, &t->oom.src, EPOLLIN) < 0)
		oom_forget(t);
}

void oom_forget(struct task *t)
{
	loop_close(&t->server->loop, &t->oom.src);
	t->oom.killer.bellfd = -1;
	cgroup_oom_close(&t->oom.killer);
}
