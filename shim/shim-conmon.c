/* shim-conmon - conmon's interface for Podman and CRI-O, over the same monitor. */
#include <fcntl.h>
#include <malloc.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "shim/conmon.h"
#include "shim/leave.h"

/* Callers read the third word, and expect a conmon of that age. */
#define CONMON_VERSION "2.1.12"

static struct conmon conmon = {
	.socket_dir = "/var/run/crio",
	.log_max_size = -1,
	.log_global_max_size = -1,
	.log_max_files = 1,
	.sync_fd = -1,
	.start_fd = -1,
	.attach_fd = -1,
	.say_rank = 1, /* warning */
};

static void print_version(const char *value _unused_)
{
	printf("conmon version %s\ncommit: lash %s\n", CONMON_VERSION, VERSION);
	exit(fflush(stdout) ? 1 : 0);
}

static const struct opt opts[] = {
	{ 0, "api-version", OPT_FLAG, &conmon.api, NULL, "speak the newer form of sync records" },
	{ 'b', "bundle", OPT_STR, &conmon.bundle, "DIR", "bundle, or an exec session's directory" },
	{ 'c', "cid", OPT_STR, &conmon.cid, "ID", "container's id" },
	{ 'u', "cuuid", OPT_STR, &conmon.cuuid, "ID", "names the link to the attach socket" },
	{ 'n', "name", OPT_STR, &conmon.name, "NAME", "container's name" },
	{ 'r', "runtime", OPT_STR, &conmon.runtime, "PATH", "the OCI runtime" },
	{ 0, "runtime-arg", OPT_STRV, &conmon.runtime_args, "ARG",
	  "put before the runtime's verb" },
	{ 0, "runtime-opt", OPT_STRV, &conmon.runtime_opts, "ARG",
	  "put behind the verb's own options" },
	{ 0, "restore-arg", OPT_STRV, &conmon.runtime_opts, "ARG", NULL },
	{ 'p', "container-pidfile", OPT_STR, &conmon.pid_file, "FILE",
	  "where the runtime leaves the pid" },
	{ 0, "pidfile", OPT_STR, &conmon.pid_file, "FILE", NULL },
	{ 'P', "conmon-pidfile", OPT_STR, &conmon.conmon_pid_file, "FILE",
	  "write our own pid there" },
	{ '0', "persist-dir", OPT_STR, &conmon.persist_dir, "DIR", "write exit and oom there" },
	{ 0, "exit-dir", OPT_STR, &conmon.exit_dir, "DIR", "write the exit status to DIR/ID" },
	{ 0, "exit-command", OPT_STR, &conmon.exit_command, "PATH", "run this after the end" },
	{ 0, "exit-command-arg", OPT_STRV, &conmon.exit_args, "ARG", "one more argument for it" },
	{ 0, "exit-delay", OPT_INT, &conmon.exit_delay_s, "SECONDS", "wait before running it" },
	{ 'l', "log-path", OPT_STRV, &conmon.logs, "DRIVER[:PATH]", "where to log; repeatable" },
	{ 0, "log-size-max", OPT_SIZE, &conmon.log_max_size, "BYTES",
	  "begin logs anew at this size" },
	{ 0, "log-global-size-max", OPT_SIZE, &conmon.log_global_max_size, "BYTES",
	  "log no more than this" },
	{ 0, "log-rotate", OPT_FLAG, &conmon.log_rotate, NULL, "keep old logs as FILE.1 and on" },
	{ 0, "log-max-files", OPT_INT, &conmon.log_max_files, "N", "how many of them" },
	{ 0, "log-level", OPT_STR, &conmon.log_level, "LEVEL",
	  "how much: error, warn, info, debug, trace (warn)" },
	{ 0, "log-tag", OPT_STR, &conmon.log_tag, "TAG", "what journald calls the container" },
	{ 0, "log-label", OPT_STRV, &conmon.log_labels, "K=V", "one more field for journald" },
	{ 0, "log-allowlist-dir", OPT_STRV, &conmon.log_dirs, "DIR",
	  "log files are to be below one of these" },
	{ 0, "no-container-partial-message", OPT_FLAG, &conmon.no_partial_message, NULL,
	  "do not mark pieces of lines for journald" },
	{ 0, "syslog", OPT_FLAG, &conmon.syslog, NULL, "what we have to say goes to syslog too" },
	{ 0, "no-sync-log", OPT_FLAG, &conmon.no_sync_log, NULL,
	  "do not see logs onto the disk at the end" },
	{ 0, "replace-listen-pid", OPT_FLAG, &conmon.replace_listen_pid, NULL,
	  "LISTEN_PID is the runtime's, whoever it was for" },
	{ 0, "sdnotify-socket", OPT_STR, &conmon.sdnotify_socket, "PATH",
	  "hand on what comes to notify/notify.sock" },
	{ 't', "terminal", OPT_FLAG, &conmon.tty, NULL, "the container has a terminal" },
	{ 'i', "stdin", OPT_FLAG, &conmon.stdin, NULL, "the container has a stdin" },
	{ 0, "leave-stdin-open", OPT_FLAG, &conmon.leave_stdin_open, NULL, "no client ends it" },
	{ 's', "systemd-cgroup", OPT_FLAG, &conmon.systemd_cgroup, NULL,
	  "passed on when creating" },
	{ 0, "no-pivot", OPT_FLAG, &conmon.no_pivot, NULL, "passed on when creating" },
	{ 0, "no-new-keyring", OPT_FLAG, &conmon.no_new_keyring, NULL, "passed on when creating" },
	{ 0, "restore", OPT_STR, &conmon.restore, "PATH", "restore from a checkpoint" },
	{ 'e', "exec", OPT_FLAG, &conmon.exec, NULL, "a process in a container that runs" },
	{ 0, "exec-process-spec", OPT_STR, &conmon.exec_spec, "FILE", "which process" },
	{ 0, "exec-attach", OPT_FLAG, &conmon.exec_attach, NULL,
	  "wait until the caller is attached" },
	{ 0, "socket-dir-path", OPT_STR, &conmon.socket_dir, "DIR", "where that link is made" },
	{ 0, "full-attach", OPT_FLAG, &conmon.full_attach, NULL,
	  "no link: the caller uses the bundle" },
	{ 'T', "timeout", OPT_INT, &conmon.timeout_s, "SECONDS", "kill the process after this" },
	{ 0, "sync", OPT_FLAG, &conmon.sync, NULL, "stay; exit with the container's status" },
	{ 0, "version", OPT_CALL, opt_fn(print_version), NULL, NULL },
	{ 0 },
};

static void on_listening(struct monitor *m _unused_)
{
	conmon_tell_listening(&conmon);
}

static void on_created(struct monitor *m)
{
	if (conmon.start_fd >= 0)
		close(steal_fd(&conmon.start_fd));
	conmon_tell_created(&conmon, m->pid);
	malloc_trim(0);
}

static void release(void)
{
	if (conmon.link)
		unlink(conmon.link);
	for (size_t i = 0; i < conmon.n_inherited; i++)
		close(conmon.inherited[i]);
	conmon.n_inherited = 0;
}

static void on_failed(struct monitor *m _unused_, int status _unused_, const char *why, size_t len)
{
	release();
	conmon_tell_failed(&conmon, why, len);
	conmon_say(&conmon, "error", "create container: %.*s", (int)len, why);
}

/* podman waits for the files, then takes ports and pipes to be free. */
static void on_ended(struct monitor *m _unused_, const struct ending *e)
{
	release();
	conmon_record_end(&conmon, e);
	conmon_tell_exit(&conmon, e);
	close(steal_fd(&conmon.sync_fd));
	conmon_say_end(&conmon, e);
}

static const struct face face = {
	.listening = on_listening,
	.created = on_created,
	.failed = on_failed,
	.ended = on_ended,
};

/* FILE replaced as a whole. Ends the program on failure. */
static void put_pid(const char *path, pid_t pid)
{
	const char *slash = strrchr(path, '/');
	_free_ char *dir = slash ? xmemdup0(path, (size_t)(slash - path) + 1) : xstrdup(".");
	_close_ int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", pid);

	if (dirfd < 0 ||
	    file_replace(dirfd, slash ? slash + 1 : path, 0644, text, (size_t)len, false) < 0)
		die("write '%s'", path);
}

/* die's and warn's messages, which nobody reads once stderr is /dev/null. */
static void say_too(const char *level, const char *msg)
{
	dprintf(STDERR_FILENO, "%s: %s\n", die_get_name(), msg);
	conmon_say(&conmon, level, "%s", msg);
}

static void check(struct conmon *c)
{
	if (!c->cid)
		diex("container id must be provided, use --cid");
	if (!str_is_name(c->cid))
		diex("bad container id '%s'", c->cid);
	if (!c->cuuid && !c->exec)
		diex("container uuid must be provided, use --cuuid");
	if (!c->runtime || access(c->runtime, X_OK) < 0)
		die("run runtime '%s'", c->runtime ? c->runtime : "");
	if (c->log_level && conmon_say_set_level(c, c->log_level) < 0)
		diex("no such log level '%s'", c->log_level);
	if (c->exec && !c->exec_spec)
		diex("exec process spec must be provided, use --exec-process-spec");
	if (c->exec_attach && !c->api)
		diex("--exec-attach needs --api-version 1");
}

int main(int argc, char **argv)
{
	const struct usage u = { "-c ID -u ID -r RUNTIME -l LOG [OPTION]...",
				 "Be the parent of one container, with conmon's interface.", opts,
				 .flags = 0 };
	_close_ int cwd = -1;
	pid_t pid;

	opt_program(argv[0]);
	if (fd_fill_stdio() < 0)
		die("open '/dev/null'");
	/* Words that are no options are ignored, as the 1 of --api-version 1. */
	opt_parse(argc, argv, &u);
	die_to(say_too);
	check(&conmon);
	conmon_pipes_open(&conmon);
	conmon_prepare(&conmon);
	conmon_await_start(&conmon);
	conmon.plan.listen_pid = conmon.replace_listen_pid ? 0 : getpid();
	if (!conmon.sync && (pid = xfork()) > 0) {
		if (conmon.conmon_pid_file)
			put_pid(conmon.conmon_pid_file, pid);
		return 0;
	}
	conmon.plan.face = &face;
	cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	leave_starter(conmon.plan.passthrough);
	/* Paths may be relative to where we were started, the runtime's and ours. */
	if (cwd < 0 || fchdir(cwd) < 0)
		die("stay in the directory we were started in");
	return monitor_run(&conmon.monitor, &conmon.plan);
}
