/* prepare.c - everything a container's shim needs before it is on its own.
 *
 * All of it happens in the process that was started, so that each failure is told there.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/json.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "shim/events.h"
#include "shim/logspec.h"
#include "shim/place.h"
#include "shim/run.h"

enum { CONFIG_MAX = 4 << 20 };

static void read_config(struct run *r)
{
	_free_ char *path = xasprintf("%s/config.json", r->bundle);
	_buf_ struct buf text = { 0 };
	char why[JSON_WHY_MAX];
	const struct json *terminal;

	if (file_read(AT_FDCWD, path, CONFIG_MAX, &text) < 0)
		die("read '%s'", path);

	_json_ struct json *config = json_parse(text.data, text.len, JSON_LAST_WINS, why);

	if (!config)
		diex("read '%s': %s", path, why);
	terminal = json_find(config, "process.terminal");
	r->tty = terminal && terminal->type == JSON_TRUE;
}

/* The directory is ours alone from here on. What a former life left in it goes. */
static void claim_place(struct run *r, const char *path)
{
	static const char *const stale[] = {
		PLACE_EXIT,   PLACE_JSON,     PLACE_PID,      PLACE_PID_START,	  PLACE_LOG,
		PLACE_TTY,    PLACE_RUNTIME,  PLACE_SHIM_PID, PLACE_PIPES,	  PLACE_OPTIONS,
		PLACE_EVENTS, PLACE_RESTARTS, PLACE_HEALTH,   PLACE_STDIO "/out", PLACE_STDIO "/err"
	};

	r->dirfd = r->again ? r->lock_fd : path_open_dir(path, 0711);
	r->place = r->dirfd < 0 ? NULL : realpath(path, NULL);
	if (!r->place)
		die("make '%s'", path);
	if (!r->again && place_lock(r->dirfd) < 0)
		diex("container '%s' has a shim", r->id);
	r->claimed = true;
	if (!r->again && unlinkat(r->dirfd, PLACE_STOP, 0) < 0 && errno != ENOENT)
		die("remove '%s/%s'", r->place, PLACE_STOP);
	for (size_t i = 0; i < ARRAY_LEN(stale); i++)
		if (unlinkat(r->dirfd, stale[i], 0) < 0 && errno != ENOENT)
			die("remove '%s/%s'", r->place, stale[i]);
}

static void choose_log(struct run *r, const char *spec, const struct log_opts *o)
{
	struct monitor *m = &r->monitor;

	switch (logspec_parse(spec, o, &m->logs[m->n_logs])) {
	case LOGSPEC_BAD:
		opt_misuse("bad log '%s'", spec);
	case LOGSPEC_NONE:
		return;
	case LOGSPEC_PASSTHROUGH:
		r->plan.passthrough = true;
		return;
	case LOGSPEC_LOG:
		m->n_logs++;
	}
}

static void choose_logs(struct run *r)
{
	const struct log_opts o = {
		.id = r->id,
		.name = r->id,
		.tag = r->log_tag,
		.labels = &r->log_labels,
		.attrs = &r->log_attrs,
		.syslog_format = r->syslog_format,
		.max_bytes = r->log_max_size < 0 ? 0 : r->log_max_size,
		.max_files = (unsigned)r->log_max_files,
		.compress = r->log_compress,
	};

	if (r->logs.n > MAX_LOGS)
		opt_misuse("more than %d logs", MAX_LOGS);
	if (r->log_max_files < 1)
		opt_misuse("--log-max-files must be at least 1");
	for (size_t i = 0; i < r->logs.n; i++)
		choose_log(r, r->logs.v[i], &o);
}

static void open_logs(struct run *r)
{
	if (r->plan.passthrough && (r->monitor.n_logs || r->tty || r->open_stdin))
		opt_misuse("passthrough goes with no other log, no -i and no terminal");
	for (unsigned i = 0; i < r->monitor.n_logs; i++)
		if (r->monitor.logs[i]->driver->open(r->monitor.logs[i]) < 0)
			die("open log '%s'", r->monitor.logs[i]->target);
}

/* A fifo is kept open for writing too: it does not end between one writer and the next. */
static void open_stdin_file(struct run *r)
{
	_close_ int fd = open(r->stdin_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		die("open '%s'", r->stdin_path);
	r->plan.stdin_writer_fd = open(r->stdin_path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fcntl(fd, F_SETFL, 0) < 0)
		die("open '%s'", r->stdin_path);
	r->plan.stdin_fd = steal_fd(&fd);
}

void run_runtime(const struct run *r, struct strv *to)
{
	strv_add(to, r->runtime);
	if (r->runtime_root) {
		strv_add(to, "--root");
		strv_add(to, r->runtime_root);
	}
	for (size_t i = 0; i < r->runtime_args.n; i++)
		strv_add(to, r->runtime_args.v[i]);
}

static void add_pair(struct strv *to, const char *name, const char *value)
{
	strv_add(to, name);
	strv_add(to, value);
}

static void build_command(struct run *r)
{
	struct strv *c = &r->command;
	_free_ char *bundle = realpath(r->bundle, NULL);

	if (!bundle)
		die("find bundle '%s'", r->bundle);
	r->pid_file = xasprintf("%s/%s", r->place, PLACE_RUNTIME_PID);
	run_runtime(r, c);
	strv_add(c, "create");
	add_pair(c, "--bundle", bundle);
	add_pair(c, "--pid-file", r->pid_file);
	if (r->preserve_fds) {
		strv_add(c, "--preserve-fds");
		strv_take(c, xasprintf("%d", r->preserve_fds));
	}
	for (size_t i = 0; i < r->create_args.n; i++)
		strv_add(c, r->create_args.v[i]);
	if (r->tty)
		add_pair(c, "--console-socket", "");
	strv_add(c, r->id);
	r->plan.runtime = c->v;
	r->plan.console_slot = r->tty ? &c->v[c->n - 2] : NULL;
}

static void build_on_exit(struct run *r)
{
	struct strv *c = &r->on_exit_command;
	_free_ char *words = xstrdup(r->on_exit ? r->on_exit : "");
	char *save = NULL;

	for (char *w = strtok_r(words, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save))
		strv_add(c, w);
	if (!c->n && r->on_exit_args.n)
		opt_misuse("--on-exit-arg needs --on-exit");
	for (size_t i = 0; i < r->on_exit_args.n; i++)
		strv_add(c, r->on_exit_args.v[i]);
	r->plan.on_exit = c->v;
}

static void open_events(struct run *r)
{
	if (!r->events)
		return;
	r->events_fd = events_open(r->events);
	if (r->events_fd < 0)
		die("open '%s'", r->events);
}

static void fill_plan(struct run *r)
{
	struct plan *p = &r->plan;

	p->tty = r->tty;
	p->open_stdin = r->open_stdin;
	p->dirfd = r->dirfd;
	p->attach_name = p->passthrough ? NULL : PLACE_ATTACH;
	p->ctl_name = p->passthrough ? NULL : PLACE_CTL;
	p->console_name = PLACE_CONSOLE;
	p->stdio_name = r->keep_stdio && !p->passthrough ? PLACE_STDIO : NULL;
	p->notify_name = r->sdnotify_socket ? PLACE_NOTIFY "/notify.sock" : NULL;
	p->notify_to = r->sdnotify_socket;
	p->stall_ms = r->stall_ms;
	p->grace_ms = GRACE_MS;
	p->foreground = r->foreground;
	p->on_exit_always = r->again;
	p->stdin_fd = p->stdin_writer_fd = p->start_fd = -1;
}

void run_prepare(struct run *r)
{
	_free_ char *path = NULL;

	choose_logs(r);
	build_on_exit(r);
	path = place_path(r->dir, r->id);
	read_config(r);
	claim_place(r, path);
	fill_plan(r);
	open_events(r);
	open_logs(r);
	if (r->stdin_path)
		open_stdin_file(r);
	if (r->sdnotify_socket) {
		if (mkdirat(r->dirfd, PLACE_NOTIFY, 0755) < 0 && errno != EEXIST)
			die("make '%s/%s'", r->place, PLACE_NOTIFY);
		/* Else the runtime would make a proxy of its own. */
		unsetenv("NOTIFY_SOCKET");
	}
	r->tell_runtime = r->tell_runtime || tell_is_ours(r->runtime);
	build_command(r);
	if (run_describe(r) < 0)
		die("write '%s'", r->place);
	r->plan.pid_file = r->pid_file;
}

void run_prepare_adopt(struct run *r)
{
	_free_ char *count = file_read_line(r->dirfd, PLACE_RESTARTS);

	if (count && num_u32(count, &r->restart.count) < 0)
		r->restart.count = 0;
	r->tty = !faccessat(r->dirfd, PLACE_TTY, F_OK, 0);
	choose_logs(r);
	build_on_exit(r);
	fill_plan(r);
	open_events(r);
	open_logs(r);
}
