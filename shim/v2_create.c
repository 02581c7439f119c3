/* v2_create.c - Create and Start: mounts, stdio, then the runtime; and Exec, which only notes. */
#include <fcntl.h>
#include <malloc.h>
#include <string.h>

#include "lib/io.h"
#include "lib/json.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "shim/v2.h"
#include "shim/v2_runtime.h"
#include "shim/v2_stdio.h"

enum { CONFIG_MAX = 4 << 20 };

/* ---- making the container ---- */

static pid_t read_pid(const char *path)
{
	_free_ char *line = file_read_line(AT_FDCWD, path);
	int pid;

	return line && num_int(line, 1, INT32_MAX, &pid) == 0 ? pid : 0;
}

static void publish_created(const struct task *t)
{
	struct task_event e = { .container_id = t->id,
				.bundle = t->bundle,
				.rootfs = t->rootfs,
				.stdin = t->init.stdin,
				.stdout = t->init.stdout,
				.stderr = t->init.stderr,
				.terminal = t->init.terminal,
				.checkpoint = t->checkpoint,
				.pid = (uint32_t)t->init.pid };

	event_publish(t->server, "/tasks/create", "containerd.events.TaskCreate", &pb_event_create,
		      &e);
}

static void unmounted(struct job *j _unused_, int status _unused_)
{
}

static void unmount(struct job *j)
{
	mounts_xremove(j->task->bundle);
}

/* The call is answered; what was begun for it goes. */
static void create_failed(struct task *t, const char *why)
{
	struct call *c = t->init.maker;

	t->init.maker = NULL;
	stdio_let_go(&t->init);
	if (t->rootfs.n)
		job_fork(job_new(t->server, NULL, t, unmounted), unmount);
	task_remove(t);
	call_fail(c, CODE_UNKNOWN, "%s", why);
}

static void answer_created(struct task *t)
{
	struct task_reply r = { .pid = (uint32_t)t->init.pid };
	struct call *c = t->init.maker;

	t->init.maker = NULL;
	t->init.busy = false;
	publish_created(t);
	call_reply(c, &pb_created, &r);
	/* What config.json took is not needed for as long as the container lives. */
	malloc_trim(0);
}

static void runtime_created(struct job *j, int status)
{
	struct task *t = j->task;
	_free_ char *said = NULL, *why = NULL;

	j->makes = false;
	console_close(&t->init.console);
	stdio_let_go(&t->init);
	t->init.pid = status ? 0 : read_pid(t->pid_file);
	if (t->init.pid <= 0) {
		said = job_error(j);
		why = xasprintf("OCI runtime create failed: %s", said);
		create_failed(t, why);
		return;
	}
	oom_begin(t);
	answer_created(t);
	exits_tell(t);
}

static void add_console(struct strv *words, const struct proc *p)
{
	if (!p->terminal)
		return;
	strv_add(words, "--console-socket");
	strv_add(words, p->console.path);
}

static void run_create(struct proc *p, const char *why)
{
	struct task *t = p->task;
	const struct runc_options *o = &t->options;
	_strv_ struct strv words = { 0 };
	struct job *j;

	if (why) {
		create_failed(t, why);
		return;
	}
	/* From a checkpoint it begins at Start. */
	if (*t->checkpoint) {
		answer_created(t);
		return;
	}
	strv_add(&words, "create");
	strv_add(&words, "--bundle");
	strv_add(&words, t->bundle);
	strv_add(&words, "--pid-file");
	strv_add(&words, t->pid_file);
	add_console(&words, p);
	if (o->no_pivot_root)
		strv_add(&words, "--no-pivot");
	if (o->no_new_keyring)
		strv_add(&words, "--no-new-keyring");
	strv_add(&words, t->id);
	j = job_new(t->server, NULL, t, runtime_created);
	j->makes = true;
	runtime_job_v(j, &words, &p->io);
}

static void open_stdio(struct task *t)
{
	_free_ char *why = NULL;

	if (stdio_open(&t->init, &why) < 0)
		create_failed(t, why);
	else
		logger_await(&t->init, run_create);
}

static void mounted(struct job *j, int status)
{
	_free_ char *why = NULL;

	if (status == 0) {
		open_stdio(j->task);
		return;
	}
	why = job_error(j);
	create_failed(j->task, why);
}

static void make_mounts(struct job *j)
{
	mounts_make(j->task);
}

/* Does its first process take all others along when it ends? */
static bool has_own_pids(int bundlefd)
{
	_buf_ struct buf text = { 0 };
	char why[JSON_WHY_MAX];

	if (file_read(bundlefd, "config.json", CONFIG_MAX, &text) < 0)
		return true;

	_json_ struct json *config = json_parse(buf_str(&text), text.len, JSON_LAST_WINS, why);
	const struct json *spaces = json_find(config, "linux.namespaces");

	for (const struct json *n = spaces ? spaces->child : NULL; n; n = n->next) {
		const char *type = json_get_str(n, "type"), *path = json_get_str(n, "path");

		if (type && str_eq(type, "pid"))
			return !path || !*path;
	}
	return false;
}

static struct task *task_new(struct call *c)
{
	struct task *t = xcalloc(1, sizeof(*t));
	struct task_request *q = &c->req;

	t->server = c->server;
	t->id = xstrdup(q->id);
	t->bundle = xstrdup(q->bundle);
	t->pid_file = xasprintf("%s/init.pid", q->bundle);
	t->checkpoint = xstrdup(q->checkpoint ? q->checkpoint : "");
	t->rootfs = q->rootfs;
	q->rootfs = (struct pb_list){ NULL, 0 };
	t->oom.src.fd = -1;
	t->oom.killer = (struct cgroup_oom)CGROUP_OOM_NONE;
	t->bundlefd = open(t->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	proc_init(&t->init, t, "", q);
	t->init.busy = true;
	tombs_clear(c->server, t->id);
	t->next = c->server->tasks;
	c->server->tasks = t;
	return t;
}

static bool is_acceptable(struct call *c)
{
	const struct task_request *q = &c->req;

	if (!q->id || !str_is_name(q->id) || !q->bundle || *q->bundle != '/')
		call_fail(c, CODE_INVALID, "create needs an id and an absolute bundle");
	else if (task_find(c->server, q->id))
		call_fail(c, CODE_EXISTS, "container '%s' exists already", q->id);
	else
		return true;
	return false;
}

void serve_create(struct call *c)
{
	struct task *t;

	if (!is_acceptable(c))
		return;
	t = task_new(c);
	t->init.maker = c;
	if (t->bundlefd < 0) {
		create_failed(t, "the bundle cannot be opened");
		return;
	}
	if (runtime_options(&c->req.any, &t->options) < 0) {
		create_failed(t, "malformed options");
		return;
	}
	runtime_complete(&t->options);
	if (runtime_save(t->bundlefd, &t->options) < 0) {
		create_failed(t, "the runtime's options cannot be kept in the bundle");
		return;
	}
	t->own_pids = has_own_pids(t->bundlefd);
	if (t->rootfs.n)
		job_fork(job_new(t->server, NULL, t, mounted), make_mounts);
	else
		open_stdio(t);
}

/* ---- starting it ---- */

static void publish_started(const struct task *t)
{
	struct task_event e = { .container_id = t->id, .pid = (uint32_t)t->init.pid };

	event_publish(t->server, "/tasks/start", "containerd.events.TaskStart", &pb_event_process,
		      &e);
}

static void answer_started(struct call *c, const struct proc *p)
{
	struct task_reply r = { .pid = (uint32_t)p->pid };

	call_reply(c, &pb_created, &r);
}

static void started(struct job *j, int status)
{
	struct task *t = j->task;
	struct proc *p = &t->init;
	_free_ char *why = NULL;

	p->busy = false;
	if (*t->checkpoint) {
		j->makes = false;
		console_close(&p->console);
		stdio_let_go(p);
		p->pid = status ? 0 : read_pid(t->pid_file);
		if (p->pid > 0)
			oom_begin(t);
	}
	if (status || p->pid <= 0) {
		why = job_error(j);
		if (p->pid <= 0)
			proc_ended(p, V2_FAILED_STATUS);
		call_fail(j->call, CODE_UNKNOWN, "OCI runtime %s failed: %s",
			  *t->checkpoint ? "restore" : "start", why);
	} else {
		p->status = STATUS_RUNNING;
		publish_started(t);
		answer_started(j->call, p);
	}
	exits_tell(t);
}

static void run_restore(struct job *j)
{
	struct task *t = j->task;
	const struct runc_options *o = &t->options;
	_free_ char *work = NULL;
	_strv_ struct strv words = { 0 };

	work = o->criu_work_path && *o->criu_work_path ? xstrdup(o->criu_work_path)
						       : xasprintf("%s/work", t->bundle);
	strv_add(&words, "restore");
	strv_add(&words, "--detach");
	strv_add(&words, "--no-subreaper");
	strv_add(&words, "--bundle");
	strv_add(&words, t->bundle);
	strv_add(&words, "--image-path");
	strv_add(&words,
		 o->criu_image_path && *o->criu_image_path ? o->criu_image_path : t->checkpoint);
	strv_add(&words, "--work-path");
	strv_add(&words, work);
	strv_add(&words, "--pid-file");
	strv_add(&words, t->pid_file);
	add_console(&words, &t->init);
	strv_add(&words, t->id);
	j->makes = true;
	runtime_job_v(j, &words, &t->init.io);
}

static void start_init(struct call *c, struct task *t)
{
	struct job *j;

	if (t->init.status != STATUS_CREATED || t->init.busy || t->init.unseen || t->init.deleter) {
		call_fail(c, CODE_PRECONDITION,
			  "cannot start a container that is not just created");
		return;
	}
	t->init.busy = true;
	j = job_new(t->server, c, t, started);
	if (*t->checkpoint)
		run_restore(j);
	else
		runtime_job(j, NULL, "start", t->id, (char *)NULL);
}

/* ---- execs ---- */

static void publish_exec(const struct proc *p, const char *topic, const char *type)
{
	struct task_event e = { .container_id = p->task->id,
				.exec_id = p->exec_id,
				.pid = (uint32_t)p->pid };

	event_publish(p->task->server, topic, type, &pb_event_exec, &e);
}

static void exec_failed(struct proc *p, const char *why)
{
	struct call *c = p->maker;

	p->maker = NULL;
	p->busy = false;
	stdio_let_go(p);
	pumps_release(p);
	proc_ended(p, V2_FAILED_STATUS);
	call_fail(c, CODE_UNKNOWN, "OCI runtime exec failed: %s", why);
	exits_tell(p->task);
}

/* No id makes it another file of the bundle: init.pid is what delete looks for. */
static char *exec_pid_file(const struct proc *p)
{
	return xasprintf("%s/exec-%s.pid", p->task->bundle, p->exec_id);
}

static void exec_started(struct job *j, int status)
{
	struct proc *p = j->proc;
	_free_ char *file = exec_pid_file(p), *why = NULL;
	struct call *c = p->maker;

	j->makes = false;
	console_close(&p->console);
	stdio_let_go(p);
	p->pid = status ? 0 : read_pid(file);
	unlink(file);
	if (p->pid <= 0) {
		why = job_error(j);
		exec_failed(p, why);
		return;
	}
	p->maker = NULL;
	p->busy = false;
	p->status = STATUS_RUNNING;
	publish_exec(p, "/tasks/exec-started", "containerd.events.TaskExecStarted");
	answer_started(c, p);
}

static void run_exec(struct proc *p, const char *why)
{
	struct task *t = p->task;
	_free_ char *file = exec_pid_file(p);
	_close_ int specfd = why ? -1 : memfile("process", p->spec.data, p->spec.len);
	_strv_ struct strv words = { 0 };
	struct job *j;

	if (specfd < 0) {
		exec_failed(p, why ? why : "no memory for the process");
		return;
	}
	strv_add(&words, "exec");
	strv_add(&words, "--process");
	strv_take(&words, memfile_path(specfd));
	add_console(&words, p);
	strv_add(&words, "--detach");
	strv_add(&words, "--pid-file");
	strv_add(&words, file);
	strv_add(&words, t->id);
	j = job_new(t->server, NULL, t, exec_started);
	j->proc = p;
	j->makes = true;
	j->specfd = steal_fd(&specfd);
	runtime_job_v(j, &words, &p->io);
}

static void start_exec(struct call *c, struct proc *p)
{
	if (p->status != STATUS_CREATED || p->busy || p->deleter) {
		call_fail(c, CODE_PRECONDITION, "process '%s' was started or deleted already",
			  p->exec_id);
		return;
	}
	if (p->task->init.status == STATUS_STOPPED || p->task->init.unseen) {
		call_fail(c, CODE_PRECONDITION, "the container has ended");
		return;
	}
	p->busy = true;
	p->maker = c;

	_free_ char *why = NULL;

	if (stdio_open(p, &why) < 0)
		exec_failed(p, why);
	else
		logger_await(p, run_exec);
}

void serve_start(struct call *c)
{
	struct proc *p = call_proc(c);

	if (!p)
		return;
	if (p == &p->task->init)
		start_init(c, p->task);
	else
		start_exec(c, p);
}

void serve_exec(struct call *c)
{
	struct task_request *q = &c->req;
	struct task *t = call_task(c);
	struct proc *p;

	if (!t)
		return;
	if (!q->exec_id || !str_is_name(q->exec_id)) {
		call_fail(c, CODE_INVALID, "exec needs an id for the process");
		return;
	}
	for (p = t->execs; p; p = p->next)
		if (str_eq(p->exec_id, q->exec_id)) {
			call_fail(c, CODE_EXISTS, "process '%s' exists already", q->exec_id);
			return;
		}
	if (t->init.status == STATUS_STOPPED || t->init.unseen) {
		call_fail(c, CODE_PRECONDITION, "the container has ended");
		return;
	}
	p = xcalloc(1, sizeof(*p));
	proc_init(p, t, q->exec_id, q);
	p->spec = q->any.value;
	q->any.value = (struct pb_bytes){ NULL, 0 };
	p->next = t->execs;
	t->execs = p;
	publish_exec(p, "/tasks/exec-added", "containerd.events.TaskExecAdded");
	call_ok(c);
}
