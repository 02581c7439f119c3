/* v2_task.c - containers and their processes as the server knows them, and what only asks. */
#include <string.h>

#include "lib/mem.h"
#include "shim/v2.h"
#include "shim/v2_stdio.h"

const struct method v2_methods[] = {
	{ "State", &pb_process, serve_state },
	{ "Create", &pb_create, serve_create },
	{ "Start", &pb_process, serve_start },
	{ "Delete", &pb_process, serve_delete },
	{ "Pids", &pb_process, serve_pids },
	{ "Pause", &pb_process, serve_pause },
	{ "Resume", &pb_process, serve_resume },
	{ "Checkpoint", &pb_checkpoint, serve_checkpoint },
	{ "Kill", &pb_kill, serve_kill },
	{ "Exec", &pb_exec, serve_exec },
	{ "ResizePty", &pb_resize, serve_resize },
	{ "CloseIO", &pb_close_io, serve_close_io },
	{ "Update", &pb_update, serve_update },
	{ "Wait", &pb_process, serve_wait },
	{ "Stats", &pb_process, serve_stats },
	{ "Connect", &pb_process, serve_connect },
	{ "Shutdown", &pb_shutdown, serve_shutdown },
	{ 0 },
};

struct task *task_find(struct server *s, const char *id)
{
	for (struct task *t = s->tasks; t && id; t = t->next)
		if (str_eq(t->id, id))
			return t;
	return NULL;
}

static struct proc *find_proc(struct task *t, const char *exec_id)
{
	if (!exec_id || !*exec_id)
		return &t->init;
	for (struct proc *p = t->execs; p; p = p->next)
		if (str_eq(p->exec_id, exec_id))
			return p;
	return NULL;
}

struct task *call_task(struct call *c)
{
	struct task *t = task_find(c->server, c->req.id);

	if (!t)
		call_fail(c, CODE_NOT_FOUND, "container '%s' not found",
			  c->req.id ? c->req.id : "");
	return t;
}

struct proc *call_proc(struct call *c)
{
	struct task *t = call_task(c);
	struct proc *p = t ? find_proc(t, c->req.exec_id) : NULL;

	if (t && !p)
		call_fail(c, CODE_NOT_FOUND, "process '%s' not found", c->req.exec_id);
	return p;
}

static char *copy(const char *s)
{
	return xstrdup(s ? s : "");
}

void proc_init(struct proc *p, struct task *t, const char *exec_id, const struct task_request *req)
{
	*p = (struct proc){ .task = t,
			    .exec_id = copy(exec_id),
			    .status = STATUS_CREATED,
			    .stdin = copy(req->stdin),
			    .stdout = copy(req->stdout),
			    .stderr = copy(req->stderr),
			    .terminal = req->terminal,
			    .io = { { -1, -1, -1 } },
			    .tty_in = -1,
			    .tty_out = -1,
			    .logger_ready = { .fd = -1 } };
	p->console.listener.fd = -1;
	snprintf(p->console_name, sizeof(p->console_name), ".tty-%u", t->server->n_consoles++);
}

void proc_free(struct proc *p)
{
	struct loop *l = &p->task->server->loop;

	while (p->waiters) {
		struct call *c = p->waiters;

		p->waiters = c->next_waiter;
		call_fail(c, CODE_NOT_FOUND, "the process was deleted: not found");
	}
	stdio_let_go(p);
	close_fd(&p->tty_in);
	close_fd(&p->tty_out);
	console_close(&p->console);
	pumps_release(p);
	logger_stop(p);
	loop_forget(l, &p->patience);
	free(p->exec_id);
	free(p->stdin);
	free(p->stdout);
	free(p->stderr);
	free(p->spec.data);
}

static void task_free(struct task *t)
{
	while (t->execs) {
		struct proc *p = t->execs;

		t->execs = p->next;
		proc_free(p);
		free(p);
	}
	proc_free(&t->init);
	oom_forget(t);
	pb_free(&pb_runc_options, &t->options);
	close_fd(&t->bundlefd);
	free(t->id);
	free(t->bundle);
	free(t->pid_file);
	free(t->checkpoint);
	pb_free(&pb_create, &(struct task_request){ .rootfs = t->rootfs });
	free(t);
}

void task_remove(struct task *t)
{
	struct task **at = &t->server->tasks;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->deleted = true;
	task_let_go(t);
}

void task_let_go(struct task *t)
{
	if (t->deleted && !t->jobs)
		task_free(t);
}

bool proc_is_alive(const struct proc *p)
{
	return p->pid > 0 && p->status != STATUS_STOPPED && !p->unseen;
}

/* Numbers of those who have ended may belong to others by now. */
struct proc *proc_of_pid(struct server *s, pid_t pid)
{
	for (struct task *t = s->tasks; t; t = t->next) {
		if (t->init.pid == pid && proc_is_alive(&t->init))
			return &t->init;
		for (struct proc *p = t->execs; p; p = p->next)
			if (p->pid == pid && proc_is_alive(p))
				return p;
	}
	return NULL;
}

struct stamp_pb stamp_of(const struct timespec *ts)
{
	return (struct stamp_pb){ .seconds = ts->tv_sec, .nanos = (int32_t)ts->tv_nsec };
}

/* Processes of a paused container are paused with it. */
static enum status shown_status(const struct proc *p)
{
	return p->status == STATUS_RUNNING && p->task->paused ? STATUS_PAUSED : p->status;
}

void serve_state(struct call *c)
{
	const struct proc *p = call_proc(c);
	struct task_reply r;

	if (!p)
		return;
	r = (struct task_reply){ .id = *p->exec_id ? p->exec_id : p->task->id,
				 .bundle = p->task->bundle,
				 .pid = (uint32_t)p->pid,
				 .status = shown_status(p),
				 .stdin = p->stdin,
				 .stdout = p->stdout,
				 .stderr = p->stderr,
				 .terminal = p->terminal,
				 .exit_status = p->exit_status,
				 .exited_at = stamp_of(&p->exited_at),
				 .exec_id = p->exec_id };
	call_reply(c, &pb_state, &r);
}

void serve_connect(struct call *c)
{
	const struct task *t = task_find(c->server, c->req.id);
	struct connect_reply r = { .shim_pid = (uint32_t)getpid(),
				   .task_pid = t ? (uint32_t)t->init.pid : 0,
				   .version = (char *)"lash " VERSION };

	call_reply(c, &pb_connect, &r);
}

void serve_wait(struct call *c)
{
	struct proc *p = call_proc(c);

	if (!p)
		return;
	if (p->status == STATUS_STOPPED) {
		proc_answer_wait(p, c);
		return;
	}
	c->next_waiter = p->waiters;
	p->waiters = c;
}

void serve_resize(struct call *c)
{
	struct proc *p = call_proc(c);

	if (!p)
		return;
	console_set_size(&p->console, c->req.height, c->req.width);
	if (p->terminal && p->pumps.out)
		console_fit(&p->console, p->pumps.out->from.fd);
	call_ok(c);
}

void serve_close_io(struct call *c)
{
	struct proc *p = call_proc(c);

	if (!p)
		return;
	if (c->req.close_stdin)
		stdio_end_input(p);
	call_ok(c);
}

void serve_shutdown(struct call *c)
{
	struct server *s = c->server;

	call_ok(c);
	if (!s->tasks)
		server_leave(s);
}
