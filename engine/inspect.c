/* record inspect - describe containers in JSON, as docker inspect does. */
#include "engine/describe.h"
#include "engine/format.h"
#include "engine/record.h"
#include "engine/store.h"
#include "lib/die.h"
#include "lib/digest.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/sys.h"

static const char zero_time[] = "0001-01-01T00:00:00Z";

static void put(struct json *obj, const char *key, const char *value)
{
	json_set(obj, key, json_new_str(value ? value : ""));
}

static void put_bool(struct json *obj, const char *key, bool on)
{
	json_set(obj, key, json_new_bool(on));
}

static void put_copy(struct json *obj, const char *key, const struct json *value)
{
	json_set(obj, key, value ? json_copy(value) : json_new(JSON_NULL));
}

/* A number of config.json, or 0. */
static void put_number(struct json *obj, const char *key, const struct json *number)
{
	json_set(obj, key,
		 number && number->type == JSON_NUMBER ? json_copy(number) : json_new_int(0));
}

static void put_value(struct json *obj, const char *key, const struct container *c,
		      const char *name)
{
	_free_ char *value = store_get(c->dirfd, name);

	put(obj, key, value);
}

static void put_value_bool(struct json *obj, const char *key, const struct container *c,
			   const char *name)
{
	_free_ char *value = store_get(c->dirfd, name);

	put_bool(obj, key, value && str_eq(value, "1"));
}

static void put_state(struct json *top, const struct state *s)
{
	struct json *o = json_make(top, "State", JSON_OBJECT);

	put(o, "Status", status_name(s->status));
	put_bool(o, "Running", s->status == STATUS_RUNNING || s->status == STATUS_PAUSED);
	put_bool(o, "Paused", s->status == STATUS_PAUSED);
	put_bool(o, "Restarting", false);
	put_bool(o, "OOMKilled", s->oom);
	put_bool(o, "Dead", false);
	json_set(o, "Pid", json_new_int(s->pid));
	json_set(o, "ExitCode", json_new_int(s->exit_code));
	put(o, "Error", "");
	put(o, "StartedAt", s->started_at ? s->started_at : zero_time);
	put(o, "FinishedAt", s->finished_at ? s->finished_at : zero_time);
}

static void put_command(struct json *top, const struct container *c)
{
	const struct json *args = json_find(c->config, "process.args"),
			  *first = args ? args->child : NULL;
	struct json *rest;

	put(top, "Path", first && first->type == JSON_STRING ? first->text : "");
	rest = json_make(top, "Args", JSON_ARRAY);
	for (const struct json *a = first ? first->next : NULL; a; a = a->next)
		json_append(rest, json_copy(a));
}

static void put_path(struct json *top, const char *key, const struct container *c, const char *name)
{
	_free_ char *path = xasprintf("%s/containers/%s/%s", sys_lash_root(), c->id, name);

	put(top, key, path);
}

static void put_host_config(struct json *top, const struct container *c)
{
	struct json *o = json_make(top, "HostConfig", JSON_OBJECT);
	const struct json *res = json_find(c->config, "linux.resources");

	put_value(o, "NetworkMode", c, "network");
	put_value_bool(o, "AutoRemove", c, "rm");
	put_value(o, "CgroupPath", c, "cgroup");
	put_number(o, "Memory", json_find(res, "memory.limit"));
	put_number(o, "MemorySwap", json_find(res, "memory.swap"));
	put_number(o, "MemoryReservation", json_find(res, "memory.reservation"));
	put_number(o, "CpuShares", json_find(res, "cpu.shares"));
	put_number(o, "CpuQuota", json_find(res, "cpu.quota"));
	put_number(o, "CpuPeriod", json_find(res, "cpu.period"));
	put_number(o, "PidsLimit", json_find(res, "pids.limit"));
	put_copy(o, "ReadonlyRootfs", json_find(c->config, "root.readonly"));
	put_value(json_make(o, "LogConfig", JSON_OBJECT), "Type", c, "log-driver");
}

/* Binds and volumes; what every container has is left out, as docker does. */
static void put_mounts(struct json *top, const struct container *c)
{
	const struct json *mounts = json_get(c->config, "mounts");
	struct json *list = json_make(top, "Mounts", JSON_ARRAY);
	_free_ char *volumes = xasprintf("%s/volumes/", sys_lash_root());

	for (const struct json *m = mounts ? mounts->child : NULL; m; m = m->next) {
		const char *type = json_get_str(m, "type"), *source = json_get_str(m, "source");
		const char *target = json_get_str(m, "destination"), *name;
		struct json *o;
		bool rw = true;

		if (!type || !source || !target || !str_eq(type, "bind") ||
		    str_starts(target, "/etc/h") || str_eq(target, "/etc/resolv.conf"))
			continue;
		for (const struct json *p = json_get(m, "options") ? json_get(m, "options")->child
								   : NULL;
		     p; p = p->next)
			rw &= !(p->type == JSON_STRING && str_eq(p->text, "ro"));
		name = str_after(source, volumes);
		o = json_append(list, json_new(JSON_OBJECT));
		put(o, "Type", name ? "volume" : "bind");
		if (name) {
			_free_ char *only = xmemdup0(name, strcspn(name, "/"));

			put(o, "Name", only);
		}
		put(o, "Source", source);
		put(o, "Destination", target);
		put_bool(o, "RW", rw);
	}
}

static void put_config(struct json *top, const struct container *c)
{
	struct json *o = json_make(top, "Config", JSON_OBJECT);
	const struct json *user = json_find(c->config, "process.user.uid");

	put(o, "Hostname", json_get_str(c->config, "hostname"));
	put(o, "User", user && user->text ? user->text : "");
	put_value_bool(o, "Tty", c, "tty");
	put_value_bool(o, "OpenStdin", c, "stdin");
	put_copy(o, "Env", json_find(c->config, "process.env"));
	put_copy(o, "Cmd", json_find(c->config, "process.args"));
	put(o, "Image", c->image);
	put(o, "WorkingDir", json_get_str(json_get(c->config, "process"), "cwd"));
	put_copy(o, "Labels", json_get(c->config, "annotations"));
	put(o, "StopSignal",
	    json_get_str(json_get(c->config, "annotations"),
			 "org.opencontainers.image.stopSignal"));
}

static void put_port_map(struct json *settings, const struct json *net)
{
	const struct json *ports = json_get(net, "portMappings");
	struct json *map = json_make(settings, "Ports", JSON_OBJECT);

	for (const struct json *p = ports ? ports->child : NULL; p; p = p->next) {
		const struct json *host = json_get(p, "hostPort"),
				  *inner = json_get(p, "containerPort");
		const char *ip = json_get_str(p, "hostIP"), *protocol = json_get_str(p, "protocol");
		_free_ char *key = NULL;
		struct json *binding;

		if (!host || !inner || !host->text || !inner->text)
			continue;
		key = xasprintf("%s/%s", inner->text, protocol ? protocol : "tcp");
		binding = json_append(json_make(map, key, JSON_ARRAY), json_new(JSON_OBJECT));
		put(binding, "HostIp", ip && *ip ? ip : "0.0.0.0");
		put(binding, "HostPort", host->text);
	}
}

static void put_network(struct json *top, const struct container *c)
{
	struct json *o = json_make(top, "NetworkSettings", JSON_OBJECT), *net;
	bool up = c->state.status == STATUS_RUNNING || c->state.status == STATUS_PAUSED;
	const char *address = up ? json_get_str(json_find(c->net, "ips.0"), "address") : NULL;
	_free_ char *ip = address ? xmemdup0(address, strcspn(address, "/")) : NULL;
	_free_ char *name = store_get(c->dirfd, "network");
	_free_ char *key = xmemdup0(c->id, STORE_SHORT_LEN);
	const struct json *interfaces = up ? json_get(c->net, "interfaces") : NULL;
	const char *gateway = up ? json_get_str(json_find(c->net, "ips.0"), "gateway") : NULL,
		   *mac = NULL, *path = NULL;

	for (const struct json *i = interfaces ? interfaces->child : NULL; i; i = i->next)
		if (json_get_str(i, "sandbox")) {
			mac = json_get_str(i, "mac");
			path = json_get_str(i, "sandbox");
		}
	put(o, "SandboxID", key);
	put(o, "SandboxKey", path);
	put_port_map(o, up ? c->net : NULL);
	put(o, "Gateway", gateway);
	put(o, "IPAddress", ip);
	put(o, "MacAddress", mac);
	net = json_make(json_make(o, "Networks", JSON_OBJECT), name ? name : "none", JSON_OBJECT);
	put(net, "Gateway", gateway);
	put(net, "IPAddress", ip);
	put(net, "MacAddress", mac);
}

/* An image is known by the digest of its configuration, which lies beside config.json as it came.
 */
static void put_image(struct json *top, const struct container *c)
{
	_buf_ struct buf b = { 0 };
	struct digest d = { "" };

	if (!file_read(c->dirfd, "image.json", 4 << 20, &b))
		digest_of(buf_str(&b), b.len, &d);
	put(top, "Image", d.text);
}

struct json *container_inspect(const struct container *c)
{
	struct json *top = json_new(JSON_OBJECT);
	_free_ char *name = xasprintf("/%s", c->name);

	put(top, "Id", c->id);
	put(top, "Created", c->created);
	put_command(top, c);
	put_state(top, &c->state);
	put_image(top, c);
	put_path(top, "ResolvConfPath", c, "etc/resolv.conf");
	put_path(top, "HostnamePath", c, "etc/hostname");
	put_path(top, "HostsPath", c, "etc/hosts");
	put_path(top, "LogPath", c, "log");
	put(top, "Name", name);
	json_set(top, "RestartCount", json_new_int(0));
	put(top, "Driver", "overlay");
	put(top, "Platform", "linux");
	put_host_config(top, c);
	put_mounts(top, c);
	put_config(top, c);
	put_network(top, c);
	return top;
}

static const char *format;

static void print_one(const struct json *top, struct buf *out)
{
	_free_ char *why = NULL;

	if (format_expand(format, top, out, &why))
		opt_misuse("%s", why);
	buf_addc(out, '\n');
}

int record_inspect(int argc, char **argv)
{
	static const struct opt opts[] = { { 'f', "format", OPT_STR, &format, "TEMPLATE",
					     "{{.State.Status}}, {{json .Mounts}}" },
					   { 0 } };
	const struct usage u = { "[-f TEMPLATE] CONTAINER...", "Describe containers in JSON.", opts,
				 0, NULL };
	int at = opt_parse(argc, argv, &u);
	struct cgroup_layout layout;
	bool has_layout = !cgroup_layout_open(&layout, NULL);
	_json_ struct json *all = json_new(JSON_ARRAY);
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out, .indent = 4 };

	opt_operands(argc - at, 1, -1);
	for (; at < argc; at++) {
		_free_ char *id = store_xfind(argv[at]);
		struct container c;

		if (container_read(&c, has_layout ? &layout : NULL, id))
			diex("no such container: %s", argv[at]);
		json_append(all, container_inspect(&c));
		container_free(&c);
	}
	for (const struct json *j = format ? all->child : NULL; j; j = j->next)
		print_one(j, &out);
	if (!format) {
		emit_json(&e, NULL, all);
		buf_addc(&out, '\n');
	}
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write standard output");
	return 0;
}
