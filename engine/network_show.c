/* record network - networks, as netns describes them on standard input, in docker's spelling. */
#include <unistd.h>

#include "engine/format.h"
#include "engine/record.h"
#include "engine/store.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"

enum { INPUT_MAX = 64 << 20 };

static const char *format;

static const struct opt opts[] = {
	{ 'f', "format", OPT_STR, &format, "TEMPLATE", "{{.Driver}}, {{json .Containers}}" },
	{ 0 },
};

static void put(struct json *obj, const char *key, const char *value)
{
	json_set(obj, key, json_new_str(value ? value : ""));
}

static void put_bool(struct json *obj, const char *key, bool on)
{
	json_set(obj, key, json_new_bool(on));
}

static void put_member(struct json *obj, const char *key, const struct json *from, const char *name)
{
	const struct json *value = json_get(from, name);

	if (value)
		json_set(obj, key, json_copy(value));
}

static void put_ipam(struct json *top, const struct json *net)
{
	struct json *ipam = json_make(top, "IPAM", JSON_OBJECT), *config;
	const struct json *ranges = json_get(net, "ranges");

	put(ipam, "Driver", "default");
	json_make(ipam, "Options", JSON_OBJECT);
	config = json_make(ipam, "Config", JSON_ARRAY);
	for (const struct json *r = ranges ? ranges->child : NULL; r; r = r->next) {
		struct json *one = json_append(config, json_new(JSON_OBJECT));

		put_member(one, "Subnet", r, "subnet");
		put_member(one, "Gateway", r, "gateway");
	}
}

/* The container a namespace of ours is of: its whole ID and its name, malloc'd; or the namespace's
 * own name for both. */
static void who_is(const char *space, char **id, char **name)
{
	const char *begin = str_after(space, "lash-");
	_close_ int dirfd = -1;

	*id = begin ? store_find(begin) : NULL;
	if (*id)
		dirfd = store_open(*id);
	*name = dirfd < 0 ? NULL : store_get(dirfd, "name");
	if (!*id)
		*id = xstrdup(space);
	if (!*name)
		*name = xstrdup(*id);
}

static void put_container(struct json *all, const struct json *m)
{
	const char *space = json_get_str(m, "name");
	const struct json *addresses = json_get(m, "addresses");
	_free_ char *id = NULL, *name = NULL;
	struct json *one;

	if (!space)
		return;
	who_is(space, &id, &name);
	one = json_make(all, id, JSON_OBJECT);
	put(one, "Name", name);
	put(one, "EndpointID", json_get_str(m, "interface"));
	put(one, "MacAddress", json_get_str(m, "mac"));
	put(one, "IPv4Address", "");
	put(one, "IPv6Address", "");
	for (const struct json *a = addresses ? addresses->child : NULL; a; a = a->next) {
		if (a->type == JSON_STRING)
			put(one, strchr(a->text, ':') ? "IPv6Address" : "IPv4Address", a->text);
	}
}

static struct json *describe(const struct json *net)
{
	const struct json *members = json_get(net, "members");
	struct json *top = json_new(JSON_OBJECT), *containers, *options;

	put(top, "Name", json_get_str(net, "name"));
	put(top, "Id", json_get_str(net, "name"));
	put(top, "Created", json_get_str(net, "created"));
	put(top, "Scope", "local");
	put(top, "Driver", json_get_str(net, "driver"));
	put_member(top, "EnableIPv4", net, "ipv4");
	put_member(top, "EnableIPv6", net, "ipv6");
	put_ipam(top, net);
	put_member(top, "Internal", net, "internal");
	put_bool(top, "Attachable", false);
	put_bool(top, "Ingress", false);
	put(json_make(top, "ConfigFrom", JSON_OBJECT), "Network", "");
	put_bool(top, "ConfigOnly", false);
	containers = json_make(top, "Containers", JSON_OBJECT);
	for (const struct json *m = members ? members->child : NULL; m; m = m->next)
		put_container(containers, m);
	options = json_make(top, "Options", JSON_OBJECT);
	put_member(options, "com.docker.network.bridge.name", net, "bridge");
	json_make(top, "Labels", JSON_OBJECT);
	put_member(top, "Labels", net, "labels");
	return top;
}

static void read_networks(struct json *all)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };

	if (io_read_all(STDIN_FILENO, INPUT_MAX, &text))
		die("read standard input");
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char why[JSON_WHY_MAX];
		_json_ struct json *j = NULL;

		if (!*lines.v[i])
			continue;
		j = json_parse(lines.v[i], strlen(lines.v[i]), 0, why);
		if (!j)
			diex("read a network: %s", why);
		json_append(all, describe(j));
	}
}

int record_network(int argc, char **argv)
{
	const struct usage u = { "[-f TEMPLATE]",
				 "Describe the networks `netns network ls --json` prints, as "
				 "docker does.",
				 opts, 0, NULL };
	_json_ struct json *all = json_new(JSON_ARRAY);
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out, .indent = 4 };

	opt_operands(argc - opt_parse(argc, argv, &u), 0, 0);
	read_networks(all);
	for (const struct json *j = format ? all->child : NULL; j; j = j->next) {
		_free_ char *why = NULL;

		if (format_expand(str_eq(format, "json") ? "{{json .}}" : format, j, &out, &why))
			opt_misuse("%s", why);
		buf_addc(&out, '\n');
	}
	if (!format) {
		emit_json(&e, NULL, all);
		buf_addc(&out, '\n');
	}
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write standard output");
	return 0;
}
