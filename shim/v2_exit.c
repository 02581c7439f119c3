/* v2_exit.c - how processes end, and in which order that is told.
 *
 * While a runtime makes a process, it may already have ended before we know its number; so until
 * then nobody is waited for but those we know. The end of a container's first process is told when
 * all others of the container have been told of.
 */
#include <signal.h>
#include <sys/wait.h>

#include "lib/proc.h"
#include "shim/v2.h"
#include "shim/v2_runtime.h"
#include "shim/v2_stdio.h"

void proc_answer_wait(const struct proc *p, struct call *c)
{
	struct task_reply r = { .exit_status = p->exit_status,
				.exited_at = stamp_of(&p->exited_at) };

	call_reply(c, &pb_waited, &r);
}

static void answer_waiters(struct proc *p)
{
	while (p->waiters) {
		struct call *c = p->waiters;

		p->waiters = c->next_waiter;
		proc_answer_wait(p, c);
	}
}

void proc_ended(struct proc *p, int exit_status)
{
	p->status = STATUS_STOPPED;
	p->exit_status = (uint32_t)exit_status;
	if (!p->exited_at.tv_sec)
		clock_gettime(CLOCK_REALTIME, &p->exited_at);
	pumps_settle(p);
	answer_waiters(p);
	delete_go_on(p);
}

static void tell(struct proc *p)
{
	struct task *t = p->task;
	struct task_event e = { .container_id = t->id,
				.id = *p->exec_id ? p->exec_id : t->id,
				.pid = (uint32_t)p->pid,
				.exit_status = (uint32_t)proc_exit_code(p->wait_status),
				.exited_at = stamp_of(&p->exited_at) };

	p->unseen = false;
	event_publish(t->server, "/tasks/exit", "containerd.events.TaskExit", &pb_event_exit, &e);
	proc_ended(p, (int)e.exit_status);
}

static bool has_live_exec(const struct task *t)
{
	for (const struct proc *p = t->execs; p; p = p->next)
		if (p->busy || (p->pid && p->status != STATUS_STOPPED))
			return true;
	return false;
}

void exits_tell(struct task *t)
{
	for (struct proc *p = t->execs; p; p = p->next)
		if (p->unseen && !p->busy)
			tell(p);
	if (t->init.unseen && !t->init.busy && !t->killing && !has_live_exec(t))
		tell(&t->init);
}

static void killed_all(struct job *j, int status _unused_)
{
	j->task->killing = false;
	exits_tell(j->task);
}

/* Without a process namespace of its own, a container outlives its first process unless we end it.
 */
static void kill_others(struct task *t)
{
	t->killing = true;
	runtime_job(job_new(t->server, NULL, t, killed_all), NULL, "kill", "--all", t->id, "9",
		    (char *)NULL);
}

static void proc_gone(struct proc *p, int status)
{
	struct task *t = p->task;

	p->unseen = true;
	p->wait_status = status;
	clock_gettime(CLOCK_REALTIME, &p->exited_at);
	if (p == &t->init && !t->own_pids)
		kill_others(t);
	exits_tell(t);
}

static void poll_proc(struct proc *p)
{
	int status;

	if (proc_is_alive(p) && waitpid(p->pid, &status, WNOHANG) == p->pid)
		proc_gone(p, status);
}

static void poll_known(struct server *s)
{
	jobs_poll(s);
	for (struct task *t = s->tasks; t; t = t->next) {
		for (struct proc *p = t->execs; p; p = p->next)
			poll_proc(p);
		poll_proc(&t->init);
	}
}

static void collect_all(struct server *s)
{
	int status;
	pid_t pid;

	while (!jobs_make(s) && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct proc *p = proc_of_pid(s, pid);

		if (job_reaped(s, pid, status) || logger_reaped(s, pid))
			continue;
		if (p)
			proc_gone(p, status);
	}
}

void exits_collect(struct server *s)
{
	poll_known(s);
	collect_all(s);
}
