#include <fcntl.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "netns/netns.h"

static bool json, quiet;

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json, NULL, "one JSON object a line" },
	{ 'q', "quiet", OPT_FLAG, &quiet, NULL, "names only" },
	{ 0 },
};

struct line {
	const char *name;
	struct buf *out;
	struct emit *e;
};

/* "8080->80/tcp", "127.0.0.1:8080->80/tcp" */
static void add_ports(struct buf *out, const struct attachment *a)
{
	for (size_t i = 0; i < a->nports; i++) {
		const struct port *p = &a->ports[i];

		buf_addf(out, "%s%s%s%u->%u/%s", i ? "," : "\t", p->hostIP, *p->hostIP ? ":" : "",
			 p->hostPort, p->containerPort, p->protocol);
	}
}

static void put_text(void *arg, const char *file, const struct attachment *a)
{
	const struct line *l = arg;

	if (record_is_intent(file))
		return;
	buf_addf(l->out, "%s\t%s\t%s\t", l->name, a->ifName, a->network);
	for (size_t i = 0; i < a->nips; i++)
		buf_addf(l->out, "%s%s", i ? "," : "", a->ips[i].address);
	add_ports(l->out, a);
	buf_addc(l->out, '\n');
}

static void put_json(void *arg, const char *file, const struct attachment *a)
{
	const struct line *l = arg;

	if (!record_is_intent(file))
		record_result(l->e, a->ifName, l->name, a);
}

static void list(const char *name, struct buf *out)
{
	_close_ int dirfd = openat(state_spaces(), name,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct emit e = { .out = out };
	struct line l = { name, out, &e };

	if (dirfd < 0)
		return;
	if (quiet) {
		buf_addf(out, "%s\n", name);
	} else if (json) {
		emit_object(&e, NULL);
		emit_str(&e, "name", name);
		emit_bool(&e, "alive", space_is_alive(dirfd, name));
		emit_object(&e, "interfaces");
		record_each(dirfd, put_json, &l);
		emit_end(&e);
		emit_end(&e);
		buf_addc(out, '\n');
	} else {
		record_each(dirfd, put_text, &l);
	}
}

int ls_main(int argc, char **argv)
{
	const struct usage u = {
		"[OPTION]...",
		"List network namespaces: name, interface, network, addresses, ports.", opts, 0,
		NULL
	};
	_strv_ struct strv names = { 0 };
	_buf_ struct buf out = { 0 };
	int first = opt_parse(argc, argv, &u);

	opt_operands(argc - first, 0, 0);
	names_of(state_spaces(), &names);
	for (size_t i = 0; i < names.n; i++)
		list(names.v[i], &out);
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write list");
	return 0;
}
