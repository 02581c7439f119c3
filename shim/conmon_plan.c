/* conmon_plan.c - from conmon's options to a plan. */
#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "shim/conmon.h"
#include "shim/logspec.h"

enum { CONMON_STALL_MS = 1000, CONMON_GRACE_MS = 250 };

static void add_all(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		strv_add(to, from->v[i]);
}

static void add_pair(struct strv *to, const char *name, const char *value)
{
	strv_add(to, name);
	strv_add(to, value);
}

static void add_if(struct strv *to, bool on, const char *word)
{
	if (on)
		strv_add(to, word);
}

/* restore --detach --image-path PATH --work-path BUNDLE */
static void add_restore(struct conmon *c)
{
	strv_add(&c->command, "--detach");
	add_pair(&c->command, "--image-path", c->restore);
	add_pair(&c->command, "--work-path", c->bundle);
}

static void build_command(struct conmon *c)
{
	struct strv *to = &c->command;

	strv_add(to, c->runtime);
	add_if(to, c->systemd_cgroup && !c->exec, "--systemd-cgroup");
	add_all(to, &c->runtime_args);
	strv_add(to, c->exec ? "exec" : c->restore ? "restore" : "create");
	if (!c->exec)
		add_pair(to, "--bundle", c->bundle);
	add_pair(to, "--pid-file", c->pid_file);
	if (c->exec) {
		add_pair(to, "--process", c->exec_spec);
		strv_add(to, "--detach");
	}
	add_if(to, c->no_pivot && !c->exec, "--no-pivot");
	add_if(to, c->no_new_keyring && !c->exec, "--no-new-keyring");
	if (c->restore && !c->exec)
		add_restore(c);
	add_all(to, &c->runtime_opts);
	if (c->tty)
		add_pair(to, "--console-socket", "");
	strv_add(to, c->cid);
	c->plan.runtime = to->v;
	c->plan.console_slot = c->tty ? &to->v[to->n - 2] : NULL;
}

/* --runtime-opt --preserve-fds --runtime-opt N */
static unsigned preserved(const struct conmon *c)
{
	for (size_t i = 0; i < c->runtime_opts.n; i++) {
		const char *value = str_after(c->runtime_opts.v[i], "--preserve-fds");
		uint32_t n;

		if (value && *value == '=')
			value++;
		else if (value && !*value && i + 1 < c->runtime_opts.n)
			value = c->runtime_opts.v[i + 1];
		if (value && num_u32(value, &n) == 0)
			return n;
	}
	return 0;
}

/* conmon's spellings: other words for none, and k8s-file without a driver's name. */
static enum logspec_kind parse_log(const char *spec, const struct log_opts *o, struct log **log)
{
	static const char *const none[] = { "off", "null", "none" };
	_free_ char *full = NULL;
	enum logspec_kind kind;

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		if (str_eq(spec, none[i]))
			return LOGSPEC_NONE;
	kind = logspec_parse(spec, o, log);
	if (kind != LOGSPEC_BAD || str_starts(spec, "journald"))
		return kind;
	full = xasprintf("k8s-file:%s", *spec == ':' ? spec + 1 : spec);
	return logspec_parse(full, o, log);
}

/* Below one of the directories that logs may be in, as the file system has them? */
static void check_allowed(const struct conmon *c, const struct log *log)
{
	const char *slash = strrchr(log->target, '/');
	_free_ char *parent = NULL, *real = NULL;

	if (!c->log_dirs.n || (log->driver != &log_k8s_file && log->driver != &log_json_file))
		return;
	parent = xmemdup0(log->target, (size_t)(slash - log->target) + 1);
	real = realpath(parent, NULL);
	if (!real)
		die("open log '%s'", log->target);
	for (size_t i = 0; i < c->log_dirs.n; i++) {
		_free_ char *allowed = realpath(c->log_dirs.v[i], NULL);
		const char *rest = allowed ? str_after(real, allowed) : NULL;

		if (rest && (!*rest || *rest == '/' || str_eq(allowed, "/")))
			return;
	}
	diex("open log '%s': not below an allowed directory", log->target);
}

static void open_log(struct conmon *c, const char *spec, const struct log_opts *o)
{
	struct monitor *m = &c->monitor;
	struct log *log;

	switch (parse_log(spec, o, &log)) {
	case LOGSPEC_BAD:
		diex("log driver '%s' is not supported", spec);
	case LOGSPEC_NONE:
		return;
	case LOGSPEC_PASSTHROUGH:
		c->plan.passthrough = true;
		return;
	case LOGSPEC_LOG:
		break;
	}
	check_allowed(c, log);
	if (log->driver->open(log) < 0)
		die("open log '%s'", log->target);
	m->logs[m->n_logs++] = log;
}

static bool has_journal(const struct conmon *c)
{
	for (unsigned i = 0; i < c->monitor.n_logs; i++)
		if (c->monitor.logs[i]->driver == &log_journald)
			return true;
	return false;
}

static void open_logs(struct conmon *c)
{
	const struct log_opts o = {
		.id = c->cid,
		.name = c->name,
		.tag = c->log_tag,
		.labels = &c->log_labels,
		.no_partial_mark = c->no_partial_message,
		.priorities = true,
		.max_bytes = c->log_max_size < 0 ? 0 : c->log_max_size,
		.total_max = c->log_global_max_size < 0 ? 0 : c->log_global_max_size,
		.max_files = c->log_rotate ? (unsigned)c->log_max_files + 1 : 1,
	};

	if (!c->logs.n)
		diex("log driver not provided, use --log-path");
	if (c->logs.n > MAX_LOGS)
		diex("more than %d logs", MAX_LOGS);
	for (size_t i = 0; i < c->logs.n; i++)
		open_log(c, c->logs.v[i], &o);
	if ((c->log_tag || c->log_labels.n) && !has_journal(c))
		diex("--log-tag and --log-label need the journald log driver");
}

/* SOCKET-DIR/CUUID leads to the bundle for callers whose path to it would be too long for a socket.
 */
static void link_bundle(struct conmon *c)
{
	if (c->full_attach || !c->cuuid || !c->bundle || c->plan.passthrough)
		return;
	c->link = xasprintf("%s/%s", c->socket_dir, c->cuuid);
	if (unlink(c->link) < 0 && errno != ENOENT)
		die("remove '%s'", c->link);
	if (symlink(c->bundle, c->link) < 0)
		die("link '%s'", c->link);
}

static void choose_places(struct conmon *c)
{
	_free_ char *cwd = getcwd(NULL, 0);
	struct plan *p = &c->plan;

	if (!c->bundle && !c->exec)
		c->bundle = cwd ? steal_ptr(&cwd) : "/";
	if (!c->pid_file)
		c->pid_file = xasprintf("%s/pidfile-%s", cwd ? cwd : c->bundle, c->cid);
	c->bundle_fd = c->bundle ? open(c->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (c->bundle && c->bundle_fd < 0)
		die("open bundle '%s'", c->bundle);

	/* Without a bundle only the console needs a place. */
	p->dirfd = c->bundle ? c->bundle_fd : open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(c->console_name, sizeof(c->console_name), "conmon-term.%d", getpid());
	p->console_name = c->console_name;
	p->attach_name = c->bundle && !p->passthrough ? "attach" : NULL;
	p->ctl_name = c->bundle && !p->passthrough ? "ctl" : NULL;
	/* What a killed one left would be in the way of a new one. */
	if (p->attach_name && unlinkat(p->dirfd, p->attach_name, 0) < 0 && errno != ENOENT)
		die("remove '%s/attach'", c->bundle);
}

void conmon_prepare(struct conmon *c)
{
	struct plan *p = &c->plan;

	open_logs(c);
	choose_places(c);
	link_bundle(c);
	build_command(c);
	if (c->exit_command) {
		strv_add(&c->on_exit, c->exit_command);
		add_all(&c->on_exit, &c->exit_args);
		p->on_exit = c->on_exit.v;
	}
	p->stdin_fd = p->stdin_writer_fd = -1;
	p->pid_file = c->pid_file;
	p->preserve_fds = preserved(c);
	p->keep_preserved = true;
	p->tty = c->tty;
	p->open_stdin = c->stdin;
	p->any_eof = true;
	p->keep_stdin = c->leave_stdin_open;
	p->flush_pieces = true;
	p->sync_logs = !c->no_sync_log;
	if (c->sdnotify_socket && c->bundle) {
		p->notify_name = "notify/notify.sock";
		p->notify_to = c->sdnotify_socket;
	}
	p->start_fd = c->exec_attach ? c->start_fd : -1;
	p->on_exit_delay_s = c->exit_delay_s;
	p->on_exit_always = true;
	p->timeout_s = c->timeout_s;
	p->stall_ms = CONMON_STALL_MS;
	p->grace_ms = CONMON_GRACE_MS;
}
