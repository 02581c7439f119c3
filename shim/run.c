/* shim ID - make a container and stay its parent. */
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/file.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "shim/ending.h"
#include "shim/place.h"
#include "shim/run.h"
#include "shim/verbs.h"

static struct run run = {
	.bundle = ".",
	.runtime = "runc",
	.log_max_size = -1,
	.log_max_files = LOG_FILES,
	.ready_fd = -1,
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
	{ 0, "log-tag", OPT_STR, &run.log_tag, "TAG",
	  "what journald and syslog call the container (default: ID)" },
	{ 0, "log-label", OPT_STRV, &run.log_labels, "KEY=VALUE",
	  "one more field of a journald entry; repeatable" },
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
	{ 0, "foreground", OPT_FLAG, &run.foreground, NULL,
	  "stay; exit with the container's status" },
	{ 0 },
};

/* What the starter is told: an exit status and, if not 0, a message for stderr. */
static void report(int status, const char *text, size_t len)
{
	_buf_ struct buf msg = { 0 };

	if (run.report_fd < 0) {
		(void)!io_write(STDERR_FILENO, text, len);
		return;
	}
	buf_addc(&msg, (char)status);
	buf_add(&msg, text, len);
	(void)!io_write(run.report_fd, msg.data, msg.len);
	close(steal_fd(&run.report_fd));
}

static void put_number(const char *name, int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	(void)!file_put_line(run.dirfd, name, text);
}

static void on_created(struct monitor *m)
{
	unlinkat(run.dirfd, PLACE_RUNTIME_PID, 0);
	put_number(PLACE_SHIM_PID, getpid());
	put_number(PLACE_PID, m->pid);
	if (run.ready_fd >= 0) {
		dprintf(run.ready_fd, "%d\n", m->pid);
		close(steal_fd(&run.ready_fd));
	}
	report(0, "", 0);
	malloc_trim(0);
}

/* Nothing stays behind: not the directory either, unless there is more of somebody's in it. */
static void abandon(void)
{
	static const char *const mine[] = { PLACE_RUNTIME_PID, PLACE_RUNTIME, PLACE_LOG,
					    PLACE_TTY };

	logging_abandon(&run.monitor);
	if (!run.claimed)
		return;
	for (size_t i = 0; i < ARRAY_LEN(mine); i++)
		unlinkat(run.dirfd, mine[i], 0);
	rmdir(run.place);
}

static void on_failed(struct monitor *m _unused_, int status, const char *why, size_t len)
{
	_buf_ struct buf msg = { 0 };

	abandon();
	/* What the runtime said is passed on as it is, as a line. */
	if (!len)
		buf_addf(&msg, "%s: create container '%s': %s failed", die_get_name(), run.id,
			 run.runtime);
	buf_add(&msg, why, len);
	if (msg.data[msg.len - 1] != '\n')
		buf_addc(&msg, '\n');
	report(status, msg.data, msg.len);
}

static void on_ended(struct monitor *m, const struct ending *e)
{
	(void)!ending_write(run.dirfd, m, e);
	flock(run.dirfd, LOCK_UN);
}

static const struct face face = { NULL, on_created, on_failed, on_ended };

/* The starter's part: wait for the word of the monitor, pass it on. */
static int relay(int fd)
{
	_buf_ struct buf msg = { 0 };

	if (io_read_all(fd, STREAM_BUF, &msg) < 0 || !msg.len)
		diex("create container '%s': the shim was killed", run.id);
	(void)!io_write(STDERR_FILENO, msg.data + 1, msg.len - 1);
	return (unsigned char)msg.data[0];
}

/* Descriptors that came from our caller and are not to be passed on end here: a container lives
 * long. */
static void close_inherited(void)
{
	const char *listen = getenv("LISTEN_FDS");
	unsigned first;
	uint32_t n;

	/* Socket activation is preserved by the runtime without being asked. */
	run.plan.preserve_fds = (unsigned)run.preserve_fds;
	if (listen && num_u32(listen, &n) == 0 && n > run.plan.preserve_fds)
		run.plan.preserve_fds = n;
	first = 3 + run.plan.preserve_fds;
	if (run.ready_fd >= (int)first) {
		if (run.ready_fd > (int)first)
			close_range(first, (unsigned)run.ready_fd - 1, 0);
		first = (unsigned)run.ready_fd + 1;
	}
	close_range(first, ~0U, 0);
}

static int stay(void)
{
	run.plan.face = &face;
	return monitor_run(&run.monitor, &run.plan);
}

int shim_run(int argc, char **argv)
{
	const struct usage u = { "[OPTIONS] ID", "Make a container and stay its parent.", opts,
				 .verbs = shim_verbs };
	int at = opt_parse(argc, argv, &u), channel[2];

	opt_operands(argc - at, 1, 1);
	run.id = argv[at];
	close_inherited();
	die_cleanup(abandon);
	run_prepare(&run);
	die_cleanup(NULL);
	if (run.foreground)
		return stay();
	if (pipe2(channel, O_CLOEXEC) < 0)
		die("make a pipe");
	malloc_trim(0);
	if (xfork() > 0) {
		close(channel[1]);
		return relay(channel[0]);
	}
	close(channel[0]);
	run.report_fd = channel[1];
	monitor_detach(run.plan.passthrough);
	return stay();
}
