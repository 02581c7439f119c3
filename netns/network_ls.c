#include <fcntl.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "netns/netns.h"

static bool json, quiet;

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json, NULL, "one JSON object a line" },
	{ 'q', "quiet", OPT_FLAG, &quiet, NULL, "names only" },
	{ 0 },
};

static bool is_up(const char *name)
{
	_free_ char *path = xasprintf("%s/conflist", name);

	return !faccessat(state_networks(), path, F_OK, 0);
}

static void put_json(struct buf *out, const struct network *net)
{
	struct emit e = { .out = out };
	char text[ADDR_TEXT_MAX];

	emit_object(&e, NULL);
	emit_str(&e, "name", net->name);
	emit_str(&e, "driver", net->driver);
	emit_str_if(&e, "bridge", net->bridge);
	emit_bool(&e, "internal", !net->chain && !net->is_gateway);
	emit_bool(&e, "up", is_up(net->name));
	emit_array(&e, "subnets");
	for (size_t i = 0; i < net->nranges; i++)
		emit_str(&e, NULL, addr_text(&net->ranges[i].subnet, true, text));
	emit_end(&e);
	emit_end(&e);
	buf_addc(out, '\n');
}

static void put_one(void *arg, const struct network *net)
{
	char text[ADDR_TEXT_MAX];
	struct buf *out = arg;

	if (json) {
		put_json(out, net);
		return;
	}
	buf_adds(out, net->name);
	if (!quiet) {
		buf_addf(out, "\t%s\t", net->bridge ? net->bridge : net->driver);
		for (size_t i = 0; i < net->nranges; i++)
			buf_addf(out, "%s%s", i ? "," : "",
				 addr_text(&net->ranges[i].subnet, true, text));
		buf_addf(out, "\t%s", is_up(net->name) ? "up" : "down");
	}
	buf_addc(out, '\n');
}

int network_ls_main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]...", "List networks: name, bridge, subnets, up or down.",
				 opts, 0, NULL };
	_buf_ struct buf out = { 0 };

	opt_operands(argc - opt_parse(argc, argv, &u), 0, 0);
	network_each(put_one, &out);
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write list");
	return 0;
}
