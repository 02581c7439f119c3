#include <fcntl.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "netns/netns.h"

static bool json, quiet;
static struct strv filters;
static char **wanted; /* NULL: all */

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json, NULL, "one JSON object a line" },
	{ 'q', "quiet", OPT_FLAG, &quiet, NULL, "names only" },
	{ 'f', "filter", OPT_STRV, &filters, "KEY=VALUE",
	  "only those: name, driver, label, label!, until, dangling, type" },
	{ 0 },
};

static bool is_up(const char *name)
{
	_free_ char *path = xasprintf("%s/conflist", name);

	return !faccessat(state_networks(), path, F_OK, 0);
}

struct membership {
	const char *network, *space;
	struct emit *e;
};

static void put_member(void *arg, const char *file, const struct attachment *a)
{
	const struct membership *m = arg;

	if (record_is_intent(file) || !str_eq(a->network, m->network))
		return;
	emit_object(m->e, NULL);
	emit_str(m->e, "name", m->space);
	emit_str(m->e, "interface", a->ifName);
	emit_str_if(m->e, "mac", a->mac);
	emit_array(m->e, "addresses");
	for (size_t i = 0; i < a->nips; i++)
		emit_str(m->e, NULL, a->ips[i].address);
	emit_end(m->e);
	emit_end(m->e);
}

static void put_members(struct emit *e, const char *network)
{
	_strv_ struct strv names = { 0 };

	emit_array(e, "members");
	names_of(state_spaces(), &names);
	for (size_t i = 0; i < names.n; i++) {
		struct membership m = { network, names.v[i], e };
		_close_ int dirfd = openat(state_spaces(), names.v[i],
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (dirfd >= 0)
			record_each(dirfd, put_member, &m);
	}
	emit_end(e);
}

static void put_ranges(struct emit *e, const struct network *net)
{
	char text[ADDR_TEXT_MAX];

	emit_array(e, "ranges");
	for (size_t i = 0; i < net->nranges; i++) {
		const struct range *r = &net->ranges[i];

		emit_object(e, NULL);
		emit_str(e, "subnet", addr_text(&r->subnet, true, text));
		if (net->is_gateway)
			emit_str(e, "gateway", addr_text(&r->gateway, false, text));
		emit_str(e, "first", addr_text(&r->first, false, text));
		emit_str(e, "last", addr_text(&r->last, false, text));
		emit_end(e);
	}
	emit_end(e);
}

static void put_json(struct buf *out, const struct about *about)
{
	const struct network *net = about->net;
	const struct json *labels = json_get(about->j, "labels");
	struct emit e = { .out = out };
	char text[ADDR_TEXT_MAX];

	emit_object(&e, NULL);
	emit_str(&e, "name", net->name);
	emit_str(&e, "driver", net->driver);
	emit_str_if(&e, "bridge", net->bridge);
	emit_bool(&e, "internal", !net->chain && !net->is_gateway);
	emit_bool(&e, "ipv4", network_has_ipv4(net));
	emit_bool(&e, "ipv6", network_has_ipv6(net));
	emit_bool(&e, "up", is_up(net->name));
	emit_str_if(&e, "created", json_get_str(about->j, "created"));
	emit_object(&e, "labels");
	for (const struct json *l = labels ? labels->child : NULL; l; l = l->next) {
		if (l->key && l->type == JSON_STRING)
			emit_str(&e, l->key, l->text);
	}
	emit_end(&e);
	emit_array(&e, "subnets");
	for (size_t i = 0; i < net->nranges; i++)
		emit_str(&e, NULL, addr_text(&net->ranges[i].subnet, true, text));
	emit_end(&e);
	put_ranges(&e, net);
	put_members(&e, net->name);
	emit_end(&e);
	buf_addc(out, '\n');
}

static void put_one(void *arg, const struct network *net)
{
	_about_ struct about about = about_of(net);
	char text[ADDR_TEXT_MAX];
	struct buf *out = arg;

	if ((wanted && strv_index(wanted, net->name) < 0) || !network_matches(&about, &filters))
		return;
	if (json) {
		put_json(out, &about);
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
	const struct usage u = { "[OPTION]... [NAME]...",
				 "List networks: name, bridge, subnets, up or down.", opts, 0,
				 NULL };
	_buf_ struct buf out = { 0 };
	int first = opt_parse(argc, argv, &u);

	network_check_filters(&filters);
	for (int i = first; i < argc; i++) {
		_network_ struct network net = { 0 };

		network_load(argv[i], &net);
	}
	wanted = first < argc ? argv + first : NULL;
	network_each(put_one, &out);
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write list");
	strv_free(&filters);
	return 0;
}
