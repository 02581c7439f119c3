#include <string.h>

#include "lib/die.h"
#include "lib/opt.h"
#include "netns/netns.h"

struct task {
	struct space space;
	const char *network;
	bool member, others;
};

static void look(void *arg, const char *file _unused_, const struct attachment *a)
{
	struct task *t = arg;

	if (str_eq(a->network, t->network))
		t->member = true;
	else
		t->others = true;
}

static void detach_member(void *arg, const char *file, const struct attachment *a)
{
	struct task *t = arg;
	_host_ struct host host = { .nl.fd = -1, .nft.fd = -1 };

	if (!str_eq(a->network, t->network))
		return;
	host_open(&host);
	detach_fully(&t->space, file, a, &host);
}

/* A namespace that leaves its last network keeps its loopback, and so a record that says it lives:
 * made before the other one goes. */
static void disconnect(struct task *t)
{
	_close_ int netns_fd = nsfile_open_own(t->space.dirfd, t->space.name);

	if (netns_fd < 0)
		die("open namespace '%s'", t->space.name);
	record_each(t->space.dirfd, look, t);
	if (t->member && !t->others)
		attach_loopback(t->space.dirfd, netns_fd);
	if (t->member)
		record_each(t->space.dirfd, detach_member, t);
}

int disconnect_main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = {
		"NAME NETWORK",
		"Detach a namespace from a network; not being attached is no error.", opts, 0, NULL
	};
	int first = opt_parse(argc, argv, &u);

	opt_operands(argc - first, 2, 2);

	_close_ int dirfd = space_open(argv[first]);
	struct task t = { .space = { argv[first], dirfd }, .network = argv[first + 1] };

	disconnect(&t);
	return 0;
}
