/* v2_ops.c - requests that are one verb of the runtime. */
#include <signal.h>
#include <string.h>

#include "lib/json.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "shim/v2.h"
#include "shim/v2_runtime.h"

static void publish(const struct task *t, const char *topic, const char *type)
{
	struct task_event e = { .container_id = t->id };

	event_publish(t->server, topic, type, &pb_event_process, &e);
}

/* ---- Kill ---- */

static bool says_gone(const char *why)
{
	static const char *const words[] = { "process already finished", "no such process",
					     "container not running", "does not exist" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(why, words[i]))
			return true;
	return false;
}

static void signalled(struct job *j, int status)
{
	_free_ char *why = status ? job_error(j) : NULL;

	if (!why)
		call_ok(j->call);
	else if (says_gone(why))
		call_fail(j->call, CODE_NOT_FOUND, "process already finished: not found");
	else
		call_fail(j->call, CODE_UNKNOWN, "OCI runtime kill failed: %s", why);
}

/* An exec is our child, so its number is its own until we have collected it. */
static void signal_exec(struct call *c, const struct proc *p)
{
	if (p->status == STATUS_CREATED)
		call_fail(c, CODE_PRECONDITION, "process '%s' is not started", p->exec_id);
	else if (!proc_is_alive(p) || (kill(p->pid, (int)c->req.signal) < 0 && errno == ESRCH))
		call_fail(c, CODE_NOT_FOUND, "process already finished: not found");
	else
		call_ok(c);
}

void serve_kill(struct call *c)
{
	const struct proc *p = call_proc(c);
	struct task *t;
	char number[16];

	if (!p)
		return;
	if (c->req.signal > (uint32_t)SIGRTMAX) {
		call_fail(c, CODE_INVALID, "there is no signal %u", c->req.signal);
		return;
	}
	t = p->task;
	if (p != &t->init) {
		signal_exec(c, p);
		return;
	}
	if (!proc_is_alive(p) && !c->req.all) {
		call_fail(c, CODE_NOT_FOUND, "process already finished: not found");
		return;
	}
	snprintf(number, sizeof(number), "%u", c->req.signal);
	if (c->req.all)
		runtime_job(job_new(c->server, c, t, signalled), NULL, "kill", "--all", t->id,
			    number, (char *)NULL);
	else
		runtime_job(job_new(c->server, c, t, signalled), NULL, "kill", t->id, number,
			    (char *)NULL);
}

/* ---- Pause, Resume ---- */

static void paused(struct job *j, int status)
{
	_free_ char *why = status ? job_error(j) : NULL;

	if (why) {
		call_fail(j->call, CODE_UNKNOWN, "OCI runtime pause failed: %s", why);
		return;
	}
	j->task->paused = true;
	publish(j->task, "/tasks/paused", "containerd.events.TaskPaused");
	call_ok(j->call);
}

static void resumed(struct job *j, int status)
{
	_free_ char *why = status ? job_error(j) : NULL;

	if (why) {
		call_fail(j->call, CODE_UNKNOWN, "OCI runtime resume failed: %s", why);
		return;
	}
	j->task->paused = false;
	publish(j->task, "/tasks/resumed", "containerd.events.TaskResumed");
	call_ok(j->call);
}

/* The container of a call, when it runs. */
static struct task *running_task(struct call *c)
{
	struct task *t = call_task(c);

	if (t && (t->init.status != STATUS_RUNNING || t->init.unseen)) {
		call_fail(c, CODE_PRECONDITION, "the container does not run");
		return NULL;
	}
	return t;
}

void serve_pause(struct call *c)
{
	struct task *t = running_task(c);

	if (t)
		runtime_job(job_new(c->server, c, t, paused), NULL, "pause", t->id, (char *)NULL);
}

void serve_resume(struct call *c)
{
	struct task *t = running_task(c);

	if (t)
		runtime_job(job_new(c->server, c, t, resumed), NULL, "resume", t->id, (char *)NULL);
}

/* ---- Pids ---- */

static void add_process(struct task *t, struct pids_reply *r, uint32_t pid)
{
	struct process_info *info = pb_list_add(&r->processes, sizeof(*info));
	const struct proc *p = proc_of_pid(t->server, (pid_t)pid);
	_buf_ struct buf details = { 0 };

	info->pid = pid;
	if (!p || !*p->exec_id)
		return;
	pb_encode(&pb_details, &(struct process_details){ .exec_id = p->exec_id }, &details);
	info->info.type_url = xstrdup("containerd.runc.v1.ProcessDetails");
	info->info.value.len = details.len;
	info->info.value.data = buf_steal(&details);
}

static void listed(struct job *j, int status)
{
	struct pids_reply r = { .processes = { NULL, 0 } };
	_free_ char *why = status ? job_error(j) : NULL;
	_buf_ struct buf out = { 0 };
	char bad[JSON_WHY_MAX];
	uint32_t pid;

	if (why || job_read(j->outfd, &out) < 0) {
		call_fail(j->call, CODE_UNKNOWN, "OCI runtime ps failed: %s",
			  why ? why : "no output");
		return;
	}

	_json_ struct json *pids = json_parse(buf_str(&out), out.len, JSON_LAST_WINS, bad);

	for (const struct json *n = pids ? pids->child : NULL; n; n = n->next)
		if (n->type == JSON_NUMBER && num_u32(n->text, &pid) == 0)
			add_process(j->task, &r, pid);
	call_reply(j->call, &pb_pids, &r);
	pb_free(&pb_pids, &r);
}

void serve_pids(struct call *c)
{
	struct task *t = call_task(c);

	if (t)
		runtime_job(job_new(c->server, c, t, listed), NULL, "ps", "--format", "json", t->id,
			    (char *)NULL);
}

/* ---- Update ---- */

static void updated(struct job *j, int status)
{
	_free_ char *why = status ? job_error(j) : NULL;

	if (why)
		call_fail(j->call, CODE_UNKNOWN, "OCI runtime update failed: %s", why);
	else
		call_ok(j->call);
}

void serve_update(struct call *c)
{
	struct task *t = call_task(c);
	const struct pb_bytes *resources = &c->req.any.value;
	struct stdio io = { { -1, -1, -1 } };

	if (!t)
		return;
	io.fd[0] = memfile("resources", resources->data, resources->len);
	if (io.fd[0] < 0) {
		call_fail(c, CODE_UNKNOWN, "no memory for the resources");
		return;
	}
	runtime_job(job_new(c->server, c, t, updated), &io, "update", "--resources=-", t->id,
		    (char *)NULL);
	close(io.fd[0]);
}

/* ---- Checkpoint ---- */

static void checkpointed(struct job *j, int status)
{
	_free_ char *why = status ? job_error(j) : NULL;
	struct task_event e = { .container_id = j->task->id,
				.checkpoint = j->call->req.checkpoint };

	if (why) {
		call_fail(j->call, CODE_UNKNOWN, "OCI runtime checkpoint failed: %s", why);
		return;
	}
	event_publish(j->server, "/tasks/checkpointed", "containerd.events.TaskCheckpointed",
		      &pb_event_checkpoint, &e);
	call_ok(j->call);
}

static void add_if(struct strv *words, bool on, const char *word)
{
	if (on)
		strv_add(words, word);
}

static void add_pair(struct strv *words, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	strv_add(words, name);
	strv_add(words, value);
}

static void checkpoint_words(const struct call *c, const struct task *t,
			     const struct checkpoint_options *o, struct strv *words)
{
	_free_ char *work = xasprintf("%s/work", t->bundle);

	strv_add(words, "checkpoint");
	add_pair(words, "--image-path",
		 o->image_path && *o->image_path ? o->image_path : c->req.checkpoint);
	add_pair(words, "--work-path", o->work_path && *o->work_path ? o->work_path : work);
	add_pair(words, "--parent-path", o->parent_path);
	add_pair(words, "--manage-cgroups-mode", o->cgroups_mode);
	add_if(words, !o->exit, "--leave-running");
	add_if(words, o->open_tcp, "--tcp-established");
	add_if(words, o->external_unix_sockets, "--ext-unix-sk");
	add_if(words, o->terminal, "--shell-job");
	add_if(words, o->file_locks, "--file-locks");
	for (size_t i = 0; i < o->empty_namespaces.n; i++)
		add_pair(words, "--empty-ns", o->empty_namespaces.v[i]);
	strv_add(words, t->id);
}

void serve_checkpoint(struct call *c)
{
	struct task *t = running_task(c);
	struct checkpoint_options o = { .exit = false };
	_strv_ struct strv words = { 0 };

	if (!t)
		return;
	if (pb_decode(&pb_checkpoint_options, c->req.any.value.data, c->req.any.value.len, &o) <
	    0) {
		call_fail(c, CODE_INVALID, "malformed options");
	} else {
		checkpoint_words(c, t, &o, &words);
		runtime_job_v(job_new(c->server, c, t, checkpointed), &words, NULL);
	}
	pb_free(&pb_checkpoint_options, &o);
}
