#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "netns/netns.h"

int network_inspect_main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = { "NAME...", "Print networks' conflists, one a line.", opts, 0,
				 NULL };
	int first = opt_parse(argc, argv, &u);
	_buf_ struct buf out = { 0 };

	opt_operands(argc - first, 1, -1);
	for (argv += first; *argv; argv++) {
		struct emit e = { .out = &out };
		_network_ struct network net = { 0 };
		char why[WHY_MAX];

		network_load(*argv, &net);

		_json_ struct json *j = json_parse(net.text.data, net.text.len, 0, why);

		emit_json(&e, NULL, j);
		buf_addc(&out, '\n');
	}
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write conflists");
	return 0;
}
