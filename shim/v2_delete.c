/* v2_delete.c - Delete: the output is handed on, the runtime forgets, the mounts go, in this order.
 *
 * What Delete answered for a container is remembered, as the answer may not have arrived.
 */
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "shim/v2.h"
#include "shim/v2_runtime.h"
#include "shim/v2_stdio.h"

enum {
	GRACE_MS = 250,	  /* for an end of output others hold open */
	STALL_MS = 10000, /* for output nobody takes */
	TOMBS_MAX = 64,	  /* a pod may restart its containers for years */
};

static struct task_reply ending_of(const struct proc *p)
{
	return (struct task_reply){ .pid = (uint32_t)p->pid,
				    .exit_status = p->exit_status,
				    .exited_at = stamp_of(&p->exited_at) };
}

static void tomb_free(struct tombstone *b)
{
	free(b->id);
	free(b);
}

static void drop_oldest(struct server *s)
{
	struct tombstone **at = &s->tombs;
	int n = 0;

	while (*at && n++ < TOMBS_MAX)
		at = &(*at)->next;
	while (*at) {
		struct tombstone *b = *at;

		*at = b->next;
		tomb_free(b);
	}
}

static void bury(struct task *t, const struct task_reply *r)
{
	struct tombstone *b = xcalloc(1, sizeof(*b));

	b->id = xstrdup(t->id);
	b->reply = *r;
	b->next = t->server->tombs;
	t->server->tombs = b;
	drop_oldest(t->server);
}

void tombs_clear(struct server *s, const char *id)
{
	for (struct tombstone **at = &s->tombs; *at;) {
		struct tombstone *b = *at;

		if (!str_eq(b->id, id)) {
			at = &b->next;
			continue;
		}
		*at = b->next;
		tomb_free(b);
	}
}

static void finish_exec(struct proc *p)
{
	struct task_reply r = ending_of(p);
	struct proc **at = &p->task->execs;
	struct call *c = p->deleter;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	proc_free(p);
	free(p);
	call_reply(c, &pb_ended, &r);
}

static void finish_task(struct task *t)
{
	struct task_reply r = ending_of(&t->init);
	struct task_event e = { .container_id = t->id,
				.pid = r.pid,
				.exit_status = r.exit_status,
				.exited_at = r.exited_at };
	struct call *c = t->init.deleter;

	t->init.deleter = NULL;
	event_publish(t->server, "/tasks/delete", "containerd.events.TaskDelete", &pb_event_delete,
		      &e);
	bury(t, &r);
	task_remove(t);
	call_reply(c, &pb_ended, &r);
}

static void unmounted(struct job *j, int status)
{
	_free_ char *why = status ? job_error(j) : NULL;

	if (why)
		server_warn(j->server, "delete '%s': %s", j->task->id, why);
	finish_task(j->task);
}

static void unmount(struct job *j)
{
	mounts_xremove(j->task->bundle);
}

static void forgotten(struct job *j, int status)
{
	struct task *t = j->task;
	_free_ char *why = status ? job_error(j) : NULL;
	struct call *c = t->init.deleter;

	t->init.busy = false;
	if (why && !strstr(why, "does not exist")) {
		t->init.deleter = NULL;
		call_fail(c, CODE_UNKNOWN, "OCI runtime delete failed: %s", why);
	} else if (t->rootfs.n) {
		job_fork(job_new(t->server, NULL, t, unmounted), unmount);
	} else {
		finish_task(t);
	}
}

static void forget(struct proc *p)
{
	struct task *t = p->task;

	loop_alarm(&t->server->loop, &p->patience, -1);
	pumps_release(p);
	logger_stop(p);
	if (p != &t->init) {
		finish_exec(p);
		return;
	}
	p->busy = true;
	runtime_job(job_new(t->server, NULL, t, forgotten), NULL, "delete", t->id, (char *)NULL);
}

/* Not at once, but from the loop: whoever calls us still has the process in hand. */
static void go_on(struct proc *p)
{
	if (!p->deleter || p->busy || (p->pid && p->status != STATUS_STOPPED))
		return;
	if (!p->pumps.out && !p->pumps.err)
		loop_alarm(&p->task->server->loop, &p->patience, 0);
	else if (!p->patience.due_ms)
		loop_alarm(&p->task->server->loop, &p->patience, GRACE_MS);
}

/* Whoever left a child behind that holds the output is not waited for, unless there is some. */
static void impatient(struct alarm *a)
{
	struct proc *p = container_of(a, struct proc, patience);

	if (p->busy || !p->deleter)
		return;
	p->waited_ms += GRACE_MS;
	if (pumps_drained(p) || p->waited_ms >= STALL_MS)
		forget(p);
	else
		loop_alarm(&p->task->server->loop, a, GRACE_MS);
}

void delete_go_on(struct proc *p)
{
	go_on(p);
}

/* A container that was never started ends by being deleted. */
static void killed(struct job *j, int status)
{
	struct proc *p = &j->task->init;
	_free_ char *why = status && proc_is_alive(p) ? job_error(j) : NULL;
	struct call *c = p->deleter;

	p->busy = false;
	if (why) {
		p->deleter = NULL;
		call_fail(c, CODE_UNKNOWN, "OCI runtime delete failed: %s", why);
	}
	exits_tell(j->task);
	go_on(p);
}

static void answer_again(struct call *c)
{
	for (struct tombstone *b = c->server->tombs; b && c->req.id; b = b->next)
		if (str_eq(b->id, c->req.id) && (!c->req.exec_id || !*c->req.exec_id)) {
			call_reply(c, &pb_ended, &b->reply);
			return;
		}
	call_task(c); /* fails it */
}

void serve_delete(struct call *c)
{
	struct proc *p;

	if (!task_find(c->server, c->req.id)) {
		answer_again(c);
		return;
	}
	p = call_proc(c);
	if (!p)
		return;
	if (p->busy || p->deleter || p->status == STATUS_RUNNING) {
		call_fail(c, CODE_PRECONDITION,
			  p->status == STATUS_RUNNING ? "cannot delete a running process"
						      : "the process is being made or deleted");
		return;
	}
	p->deleter = c;
	p->waited_ms = 0;
	p->patience.ring = impatient;
	if (p->pid && p->status == STATUS_CREATED) {
		struct task *t = p->task;

		p->busy = true;
		runtime_job(job_new(t->server, NULL, t, killed), NULL, "delete", "--force", t->id,
			    (char *)NULL);
		return;
	}
	go_on(p);
}
