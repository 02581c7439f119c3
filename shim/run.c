/* shim ID - make a container and stay its parent. */
#include "shim/run.h"
#include "lib/die.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "shim/verbs.h"

static struct run run = {
	.bundle = ".",
	.runtime = "runc",
	.log_max_size = -1,
	.log_max_files = LOG_FILES,
	.ready_fd = -1,
	.lock_fd = -1,
	.events_fd = -1,
	.stall_ms = STALL_MS,
	.dirfd = -1,
	.report_fd = -1,
};

static const struct opt opts[] = {
	{ 'b', "bundle", OPT_STR, &run.bundle, "DIR", "the bundle (default: .)" },
	{ 'i', "stdin", OPT_FLAG, &run.open_stdin, NULL, "a stdin that clients write to" },
	{ 0, "stdin-from", OPT_STR, &run.stdin_path, "FILE",
	  "a file or fifo as the container's stdin" },
	{ 'l', "log", OPT_STRV, &run.logs, "DRIVER[:PATH]",
	  "log to json-file:PATH, k8s-file:PATH, journald, syslog[:ADDRESS], exec:COMMAND, none, "
	  "passthrough; repeatable" },
	{ 0, "log-max-size", OPT_SIZE, &run.log_max_size, "BYTES",
	  "rotate logs that have grown to this" },
	{ 0, "log-max-files", OPT_INT, &run.log_max_files, "N",
	  "keep so many files of each log (default: 2)" },
	{ 0, "log-compress", OPT_FLAG, &run.log_compress, NULL,
	  "compress files of a log that was rotated" },
	{ 0, "log-tag", OPT_STR, &run.log_tag, "TAG",
	  "what journald and syslog call the container (default: ID)" },
	{ 0, "log-label", OPT_STRV, &run.log_labels, "KEY=VALUE",
	  "one more field of a journald entry; repeatable" },
	{ 0, "log-attr", OPT_STRV, &run.log_attrs, "KEY=VALUE",
	  "one more attribute of a json-file record; repeatable" },
	{ 0, "syslog-format", OPT_STR, &run.syslog_format, "FORMAT",
	  "local, rfc3164, rfc5424 or rfc5424micro" },
	{ 0, "runtime", OPT_STR, &run.runtime, "PROGRAM", "the OCI runtime (default: runc)" },
	{ 0, "runtime-root", OPT_STR, &run.runtime_root, "DIR",
	  "where the runtime keeps its state" },
	{ 0, "runtime-arg", OPT_STRV, &run.runtime_args, "ARG",
	  "put before the runtime's verb; repeatable" },
	{ 0, "create-arg", OPT_STRV, &run.create_args, "ARG", "put behind create; repeatable" },
	{ 0, "dir", OPT_STR, &run.dir, "DIR",
	  "the container's directory (default: $LASH_RUN/shim/ID)" },
	{ 0, "on-exit", OPT_STR, &run.on_exit, "COMMAND", "run this after the end; cut at blanks" },
	{ 0, "on-exit-arg", OPT_STRV, &run.on_exit_args, "ARG",
	  "one more argument for it; repeatable" },
	{ 0, "ready-fd", OPT_FD, &run.ready_fd, "FD",
	  "write the pid and a newline there once created" },
	{ 0, "preserve-fds", OPT_INT, &run.preserve_fds, "N", "pass on descriptors 3 to 2+N" },
	{ 0, "stall-ms", OPT_INT, &run.stall_ms, "MS",
	  "drop a client that stalls so long (default: 1000)" },
	{ 0, "restart", OPT_STR, &run.restart_policy, "POLICY",
	  "no, always, unless-stopped, on-failure[:N] (default: no)" },
	{ 0, "events", OPT_STR, &run.events, "FILE", "append what happens, as JSON lines" },
	{ 0, "sdnotify-socket", OPT_STR, &run.sdnotify_socket, "PATH",
	  "hand on what comes to notify/notify.sock" },
	{ 0, "keep-stdio", OPT_FLAG, &run.keep_stdio, NULL,
	  "hold the container up instead of losing output should we be killed" },
	{ 0, "foreground", OPT_FLAG, &run.foreground, NULL,
	  "stay; exit with the container's status" },
	{ 0, "again", OPT_STR, &run.again, "N:MS", NULL },
	{ 0, "lock-fd", OPT_FD, &run.lock_fd, "FD", NULL },
	{ 0, "tell-runtime", OPT_FLAG, &run.tell_runtime, NULL, NULL },
	{ 0 },
};

/* Close every descriptor from first up but one. */
static void close_but(unsigned first, int kept)
{
	if (kept >= (int)first) {
		if (kept > (int)first)
			close_range(first, (unsigned)kept - 1, 0);
		first = (unsigned)kept + 1;
	}
	close_range(first, ~0U, 0);
}

/* Descriptors that came from our caller and are not to be passed on end here: a container lives
 * long. */
static void close_inherited(void)
{
	const char *listen = run.again ? NULL : getenv("LISTEN_FDS");
	uint32_t n;

	/* Socket activation is preserved by the runtime without being asked. */
	run.plan.preserve_fds = (unsigned)run.preserve_fds;
	if (listen && num_u32(listen, &n) == 0 && n > run.plan.preserve_fds)
		run.plan.preserve_fds = n;
	if (run.again)
		unsetenv("LISTEN_FDS");
	close_but(3 + run.plan.preserve_fds, run.again ? run.lock_fd : run.ready_fd);
}

/* Made once, and now it cannot be prepared again: that is its end. */
static void end_again(void)
{
	run.monitor.ending.code = 1;
	run_end(&run);
}

static void abandon(void)
{
	run_abandon(&run);
}

struct run *run_parse(int argc, char **argv)
{
	const struct usage u = { "[OPTIONS] ID", "Make a container and stay its parent.", opts,
				 .verbs = shim_verbs };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 1, 1);
	run.id = argv[at];
	if (restart_parse(&run.restart, run.restart_policy ? run.restart_policy : "no") < 0)
		opt_misuse("bad restart policy '%s'", run.restart_policy);
	if (run.restart.when != RESTART_NO && run.preserve_fds)
		opt_misuse("--preserve-fds is for one run only, not with --restart");
	return &run;
}

int shim_run(int argc, char **argv)
{
	run_parse(argc, argv);
	close_inherited();
	if (run.again)
		again_begin(&run);
	die_cleanup(run.again ? end_again : abandon);
	run_prepare(&run);
	die_cleanup(NULL);
	return run_launch(&run, NULL);
}
