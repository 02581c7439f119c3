#include "netns/cni.h"
#include <string.h>

#include "lib/fd.h"
#include "lib/opt.h"

static const struct verb verbs[] = {
	{ "add", add_main, "make a namespace, attach it to a network, publish ports" },
	{ "del", del_main, "remove namespaces and all that was made for them" },
	{ "exec", exec_main, "run a program in a namespace" },
	{ "ls", ls_main, "list namespaces" },
	{ "show", show_main, "print the CNI result of a namespace" },
	{ "publish", publish_main, "publish more ports of a namespace" },
	{ "unpublish", unpublish_main, "take published ports back" },
	{ "connect", connect_main, "attach a namespace to one more network" },
	{ "disconnect", disconnect_main, "detach a namespace from a network" },
	{ "check", check_main, "tell whether a namespace is as recorded" },
	{ "gc", gc_main, "remove what was left behind" },
	{ "network", network_main, "create, remove, list and inspect networks" },
	{ "bound", lease_main, NULL },
	{ "renew", lease_main, NULL },
	{ "deconfig", lease_main, NULL },
	{ "leasefail", lease_main, NULL },
	{ "nak", lease_main, NULL },
	{ 0 },
};

/* A CNI plugin goes by its own name. */
static const struct plugin *plugin_named(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	return plugin_find(slash ? slash + 1 : argv0);
}

int main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = {
		"VERB [ARG]...",
		"Network namespaces on bridges, with addresses and published ports.", opts,
		OPT_STOP, verbs
	};

	const struct plugin *plugin = argc ? plugin_named(argv[0]) : NULL;

	opt_program(argv[0]);
	if (fd_fill_stdio())
		return 1;
	if (plugin)
		return cni_main(plugin);
	return opt_run_verb(argc, argv, &u);
}
