#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "netns/netns.h"

struct result {
	struct emit e;
	const char *name;
	bool done;
};

static void emit_one(void *arg, const char *file, const struct attachment *a)
{
	struct result *r = arg;

	if (r->done || record_is_intent(file))
		return;
	record_result(&r->e, NULL, r->name, a);
	r->done = true;
}

void show_result(const char *name, int space_dirfd, const char *ifname)
{
	_buf_ struct buf out = { 0 };
	struct result r = { .e = { .out = &out, .indent = 2 }, .name = name };
	_attachment_ struct attachment a = { 0 };

	if (!ifname)
		record_each(space_dirfd, emit_one, &r);
	else if (str_is_name(ifname) && strlen(ifname) < IF_NAMESIZE &&
		 !record_read(space_dirfd, ifname, &a))
		emit_one(&r, ifname, &a);
	if (!r.done)
		diex("namespace '%s' has no interface '%s'", name, ifname ? ifname : "");
	buf_addc(&out, '\n');
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write result");
}

int show_main(int argc, char **argv)
{
	const char *ifname = NULL;
	const struct opt opts[] = {
		{ 0, "ifname", OPT_STR, &ifname, "NAME", "interface to show (the first)" },
		{ 0 },
	};
	const struct usage u = { "[OPTION]... NAME", "Print the CNI result of a namespace again.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	opt_operands(argc - first, 1, 1);

	_close_ int dirfd = space_open(argv[first]);

	show_result(argv[first], dirfd, ifname);
	return 0;
}
