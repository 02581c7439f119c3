/* shim - the parent of one container, and the verbs to talk to it. */
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "shim/verbs.h"

const struct verb shim_verbs[] = {
	{ "adopt", shim_adopt, "be the parent of a container whose shim was killed" },
	{ "attach", shim_attach, "connect this terminal, or stdin and stdout, to a container" },
	{ "health", shim_health, "ask a container again and again whether it is well" },
	{ "logs", shim_logs, "print what a container wrote" },
	{ "resize", shim_resize, "set the size of a container's terminal" },
	{ "wait", shim_wait, "wait for a container's end, print its exit code" },
	{ 0 },
};

int main(int argc, char **argv)
{
	opt_program(argv[0]);
	if (fd_fill_stdio() < 0)
		die("open '/dev/null'");
	for (const struct verb *v = shim_verbs; v->name; v++)
		if (argc > 1 && str_eq(argv[1], v->name)) {
			die_name(xasprintf("%s %s", die_get_name(), v->name));
			return v->run(argc - 1, argv + 1);
		}
	return shim_run(argc, argv);
}
