/* describe.c - what a shim leaves in the container's directory for those who come later. */
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/io.h"
#include "lib/proc.h"
#include "shim/place.h"
#include "shim/run.h"

static void put_number(int dirfd, const char *name, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	(void)!file_put_line(dirfd, name, text);
}

/* Each with its NUL, as /proc/PID/cmdline. */
static void add_option(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_add(b, name, strlen(name) + 1);
	buf_add(b, value, strlen(value) + 1);
}

static void add_path(struct buf *b, const char *name, const char *path)
{
	_free_ char *full = path ? realpath(path, NULL) : NULL;

	add_option(b, name, full ? full : path);
}

static void add_options(struct buf *b, const char *name, const struct strv *values)
{
	for (size_t i = 0; i < values->n; i++)
		add_option(b, name, values->v[i]);
}

static void add_number(struct buf *b, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	add_option(b, name, text);
}

static void add_flag(struct buf *b, const char *name, bool on)
{
	if (on)
		buf_add(b, name, strlen(name) + 1);
}

/* Those a monitor needs that takes over, or makes the container again: no paths that depend on
 * where we were started. */
static int put_options(const struct run *r)
{
	_buf_ struct buf b = { 0 };

	for (unsigned i = 0; i < r->monitor.n_logs; i++) {
		const struct log *log = r->monitor.logs[i];
		bool bare = log->driver == &log_journald;

		buf_addf(&b, "--log%c%s%s%s", '\0', log->driver->name, bare ? "" : ":",
			 bare ? "" : log->target);
		buf_addc(&b, '\0');
	}
	if (r->plan.passthrough)
		add_option(&b, "--log", "passthrough");
	add_path(&b, "--bundle", r->bundle);
	add_path(&b, "--stdin-from", r->stdin_path);
	add_flag(&b, "--stdin", r->open_stdin);
	add_options(&b, "--create-arg", &r->create_args);
	add_option(&b, "--dir", r->dir ? r->place : NULL);
	add_number(&b, "--log-max-size", r->log_max_size);
	add_number(&b, "--log-max-files", r->log_max_files);
	add_flag(&b, "--log-compress", r->log_compress);
	add_option(&b, "--log-tag", r->log_tag);
	add_options(&b, "--log-label", &r->log_labels);
	add_options(&b, "--log-attr", &r->log_attrs);
	add_option(&b, "--syslog-format", r->syslog_format);
	add_option(&b, "--runtime", r->runtime);
	add_option(&b, "--runtime-root", r->runtime_root);
	add_options(&b, "--runtime-arg", &r->runtime_args);
	add_option(&b, "--on-exit", r->on_exit);
	add_options(&b, "--on-exit-arg", &r->on_exit_args);
	add_number(&b, "--stall-ms", r->stall_ms);
	add_option(&b, "--restart", r->restart_policy);
	add_path(&b, "--events", r->events);
	add_option(&b, "--sdnotify-socket", r->sdnotify_socket);
	add_flag(&b, "--keep-stdio", r->keep_stdio);
	add_flag(&b, "--tell-runtime", r->tell_runtime);
	return file_replace(r->dirfd, PLACE_OPTIONS, 0600, b.data, b.len, false);
}

int run_describe(const struct run *r)
{
	_buf_ struct buf runtime = { 0 }, logs = { 0 };
	_strv_ struct strv globals = { 0 };

	run_runtime(r, &globals);
	for (size_t i = 0; i < globals.n; i++)
		buf_addf(&runtime, "%s\n", globals.v[i]);
	for (unsigned i = 0; i < r->monitor.n_logs; i++)
		buf_addf(&logs, "%s:%s\n", r->monitor.logs[i]->driver->name,
			 r->monitor.logs[i]->target);
	if (r->events) {
		_free_ char *events = realpath(r->events, NULL);

		if (!events || file_put_line(r->dirfd, PLACE_EVENTS, events) < 0)
			return -1;
	}
	if (file_replace(r->dirfd, PLACE_RUNTIME, 0644, buf_str(&runtime), runtime.len, false) <
		    0 ||
	    file_replace(r->dirfd, PLACE_LOG, 0644, buf_str(&logs), logs.len, false) < 0 ||
	    put_options(r) < 0)
		return -1;
	return r->tty ? file_replace(r->dirfd, PLACE_TTY, 0644, "", 0, false) : 0;
}

static uint64_t inode_of(const struct stream *s)
{
	struct stat st;

	return s->src.fd >= 0 && fstat(s->src.fd, &st) == 0 ? st.st_ino : 0;
}

void run_record_created(const struct run *r)
{
	const struct monitor *m = &r->monitor;
	struct proc_stat st;
	char pipes[48];

	unlinkat(r->dirfd, PLACE_RUNTIME_PID, 0);
	put_number(r->dirfd, PLACE_SHIM_PID, (uint64_t)getpid());
	if (proc_read_stat(m->pid, &st) == 0)
		put_number(r->dirfd, PLACE_PID_START, st.start_ticks);
	snprintf(pipes, sizeof(pipes), "%llu %llu",
		 (unsigned long long)inode_of(&m->streams[STREAM_OUT]),
		 (unsigned long long)inode_of(&m->streams[STREAM_ERR]));
	(void)!file_put_line(r->dirfd, PLACE_PIPES, pipes);
	if (r->restart.when != RESTART_NO)
		put_number(r->dirfd, PLACE_RESTARTS, r->restart.count);
	/* Last: who reads it may rely on the rest. */
	put_number(r->dirfd, PLACE_PID, (uint64_t)m->pid);
}

void run_abandon(struct run *r)
{
	static const char *const mine[] = { PLACE_RUNTIME_PID, PLACE_RUNTIME, PLACE_LOG,
					    PLACE_TTY,	       PLACE_OPTIONS, PLACE_EVENTS };

	logging_abandon(&r->monitor);
	if (!r->claimed)
		return;
	for (size_t i = 0; i < ARRAY_LEN(mine); i++)
		unlinkat(r->dirfd, mine[i], 0);
	unlinkat(r->dirfd, PLACE_NOTIFY, AT_REMOVEDIR);
	rmdir(r->place);
}
