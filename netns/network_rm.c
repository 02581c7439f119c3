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

/* A network that is up is taken down first; then only its file is left. */
static void rm(const char *name)
{
	_free_ char *file = NULL;
	_close_ int dirfd = -1;
	struct use use = { name, false };

	if (!str_is_name(name))
		opt_misuse("not a name: '%s'", name);
	dirfd = path_lock_dir(state_networks(), name, false, false);
	if (dirfd >= 0 && lease_any(dirfd))
		diex("network '%s' is in use", name);
	chain_each_cached(look, &use);
	if (use.used)
		diex("network '%s' is in use", name);
	close_fd(&dirfd);
	dirfd = -1;
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
	for (argv += first; *argv; argv++)
		rm(*argv);
	return 0;
}
