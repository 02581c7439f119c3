/* cgctl ps - list the processes of a group. */
#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/opt.h"

static bool json, nul, recursive;

static const struct opt opts[] = {
	{ 'r', "recursive", OPT_FLAG, &recursive, NULL, "those of groups below as well" },
	{ 0, "json", OPT_FLAG, &json, NULL, "print an object a process: pid, comm" },
	{ '0', "null", OPT_FLAG, &nul, NULL, "end each PID with NUL instead of a newline" },
	{ 0 }
};

static void add_json(struct buf *out, pid_t pid)
{
	struct emit e = { .out = out };
	_free_ char *comm = group_comm(pid);

	emit_object(&e, NULL);
	emit_int(&e, "pid", pid);
	/* Gone meanwhile: no name. */
	emit_str_if(&e, "comm", comm);
	emit_end(&e);
	buf_addc(out, '\n');
}

int cgctl_ps(int argc, char **argv)
{
	const struct usage u = { "[-r] [--json | -0] GROUP", "List the processes of a group.", opts,
				 0, NULL };
	struct cgroup_layout layout;
	_cgroup_ struct cgroup g = CGROUP_NONE;
	_cgroup_pids_ struct cgroup_pids pids = { 0 };
	_buf_ struct buf out = { 0 };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 1, 1);
	xlayout_open(&layout);
	xgroup_open(&g, &layout, argv[at]);
	if (cgroup_procs(&g, recursive, &pids) < 0)
		die("list the processes of group '%s'", argv[at]);
	for (size_t i = 0; i < pids.n; i++) {
		if (json)
			add_json(&out, pids.pid[i]);
		else
			buf_addf(&out, "%d%c", (int)pids.pid[i], nul ? '\0' : '\n');
	}
	xgroup_print(&out);
	cgroup_layout_close(&layout);
	return 0;
}
