#include <fcntl.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "netns/cni.h"

struct use {
	const char *network;
	bool used;
};

static void look(void *arg, const struct chain_call *c)
{
	struct use *u = arg;

	u->used = u->used || str_eq(c->net->name, u->network);
}

bool network_is_used(const char *name)
{
	_close_ int dirfd = path_lock_dir(state_networks(), name, false, false);
	struct use use = { name, false };

	if (dirfd >= 0 && lease_any(dirfd))
		return true;
	chain_each_cached(look, &use);
	return use.used;
}

/* A network that is up is taken down first; then only its file is left. */
void network_remove(const char *name)
{
	_free_ char *file = NULL;

	if (network_is_used(name))
		diex("network '%s' is in use", name);
	network_down_idle(name);
	file = network_file(name);
	if (!file && str_eq(name, "bridge"))
		diex("network 'bridge' is built in");
	if (file && unlink(file) && errno != ENOENT)
		die("remove '%s'", file);
}

int network_rm_main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = { "NAME...", "Remove networks; one that is not there is no error.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);

	opt_operands(argc - first, 1, -1);
	for (argv += first; *argv; argv++) {
		if (!str_is_name(*argv))
			opt_misuse("not a name: '%s'", *argv);
		network_remove(*argv);
	}
	return 0;
}
