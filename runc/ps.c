/* ps - the processes of a container. */
#include <fcntl.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "runc/group.h"
#include "runc/runc.h"

enum { OUTPUT_MAX = 16 << 20 };

static const char *format = "table";

static const struct opt opts[] = {
	{ 'f', "format", OPT_STR, &format, "FORMAT", "table or json" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--format table|json] ID [PS-OPTION]...",
	.purpose = "Show the processes of the container, as ps -ef or with ps's options given.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

static void list_pids(const struct container *c, struct cgroup_pids *pids)
{
	_group_ struct group g = GROUP_NONE;

	/* A group that went with its last process has none. */
	if (group_open(&g, c)) {
		if (errno == ENOENT && container_status(c) == STATUS_STOPPED)
			return;
		die("unable to get all container pids");
	}
	if (cgroup_procs(&g.cgroup, true, pids))
		die("unable to get all container pids");
}

static void print_json(const struct cgroup_pids *pids, struct buf *out)
{
	struct emit e = { .out = out };

	if (!pids->n) {
		emit_null(&e, NULL);
	} else {
		emit_array(&e, NULL);
		for (size_t i = 0; i < pids->n; i++)
			emit_int(&e, NULL, pids->pid[i]);
		emit_end(&e);
	}
	buf_addc(out, '\n');
}

/* ps's output and complaints, both, as it may explain itself on either. */
static void run_ps(char *const *options, struct buf *out)
{
	_strv_ struct strv argv = { 0 };
	int fds[2], status;
	pid_t pid;

	strv_add(&argv, "ps");
	options += *options && str_eq(*options, "--");
	for (; *options; options++)
		strv_add(&argv, *options);
	if (argv.n == 1)
		strv_add(&argv, "-ef");
	if (pipe2(fds, O_CLOEXEC))
		die("pipe");
	pid = xfork();
	if (!pid) {
		if (dup2(fds[1], STDOUT_FILENO) < 0 || dup2(fds[1], STDERR_FILENO) < 0)
			die("dup2");
		xexec(argv.v);
	}
	close(fds[1]);
	if (io_read_all(fds[0], OUTPUT_MAX, out))
		die("read from ps");
	close(fds[0]);
	status = proc_wait(pid);
	if (status)
		diex("exit status %d: %s", status, buf_str(out));
}

/* The N-th word of a line, malloc'd; NULL when there are fewer. */
static char *word(const char *line, int n)
{
	static const char blanks[] = " \t";

	line += strspn(line, blanks);
	for (; *line && n; n--) {
		line += strcspn(line, blanks);
		line += strspn(line, blanks);
	}
	return *line ? xmemdup0(line, strcspn(line, blanks)) : NULL;
}

static int pid_column(const char *title)
{
	for (int n = 0;; n++) {
		_free_ char *w = word(title, n);

		if (!w)
			diex("couldn't find PID field in ps output");
		if (str_eq(w, "PID"))
			return n;
	}
}

static bool is_ours(const char *line, int column, const struct cgroup_pids *pids)
{
	_free_ char *w = word(line, column);
	int pid;

	if (!w || num_int(w, 1, INT32_MAX, &pid))
		diex("unable to parse pid: '%s'", w ? w : line);
	for (size_t i = 0; i < pids->n; i++) {
		if (pids->pid[i] == pid)
			return true;
	}
	return false;
}

static void print_table(char *const *options, const struct cgroup_pids *pids, struct buf *out)
{
	_buf_ struct buf all = { 0 };
	_strv_ struct strv lines = { 0 };
	int column;

	run_ps(options, &all);
	strv_split(&lines, buf_str(&all), '\n');
	column = pid_column(lines.v[0]);
	buf_addf(out, "%s\n", lines.v[0]);
	for (size_t i = 1; i < lines.n; i++) {
		if (*lines.v[i] && is_ours(lines.v[i], column, pids))
			buf_addf(out, "%s\n", lines.v[i]);
	}
}

int verb_ps(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_cgroup_pids_ struct cgroup_pids pids = { 0 };
	_buf_ struct buf out = { 0 };

	argv += runc_parse(argc, argv, &usage, 1, -1);
	xcontainer_load(&c, argv[0], false);
	list_pids(&c, &pids);
	if (str_eq(format, "json"))
		print_json(&pids, &out);
	else if (str_eq(format, "table"))
		print_table(argv + 1, &pids, &out);
	else
		diex("invalid format option");
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("cannot write");
	return 0;
}
