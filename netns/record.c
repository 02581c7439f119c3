#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/decode.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "netns/cni.h"

/* A record with 65535 ports of some 90 bytes. */
enum { RECORD_BYTES_MAX = 8 << 20 };

static const char suffix[] = ".intent";

static const struct field ip_fields[] = {
	STR(struct ip, address, REQUIRED),
	STR(struct ip, gateway, 0),
	END,
};
static const struct schema ip_schema = { sizeof(struct ip), ip_fields };

static const struct field hop_fields[] = {
	STR(struct hop, dst, REQUIRED),
	STR(struct hop, gw, 0),
	END,
};
static const struct schema hop_schema = { sizeof(struct hop), hop_fields };

static const struct field port_fields[] = {
	STR(struct port, hostIP, REQUIRED),
	U32(struct port, hostPort, REQUIRED),
	U32(struct port, containerPort, REQUIRED),
	STR(struct port, protocol, REQUIRED),
	END,
};
static const struct schema port_schema = { sizeof(struct port), port_fields };

static const struct field attachment_fields[] = {
	STR(struct attachment, network, REQUIRED),
	STR(struct attachment, ifName, REQUIRED),
	BOOL(struct attachment, chain),
	BOOL(struct attachment, routed),
	BOOL(struct attachment, shaped),
	BOOL(struct attachment, helper),
	BOOL(struct attachment, named),
	STR(struct attachment, hostName, 0),
	STR(struct attachment, bridge, 0),
	STR(struct attachment, mac, 0),
	LIST(struct attachment, ips, nips, &ip_schema, 0),
	LIST(struct attachment, routes, nroutes, &hop_schema, 0),
	LIST(struct attachment, ports, nports, &port_schema, 0),
	END,
};
static const struct schema attachment_schema = { sizeof(struct attachment), attachment_fields };

void attachment_free(struct attachment *a)
{
	decode_free(&attachment_schema, a);
}

bool attachment_has_port(const struct attachment *a, const struct port *port)
{
	for (size_t i = 0; i < a->nports; i++) {
		if (a->ports[i].hostPort == port->hostPort &&
		    str_eq(a->ports[i].hostIP, port->hostIP) &&
		    str_eq(a->ports[i].protocol, port->protocol))
			return true;
	}
	return false;
}

static void emit_ips(struct emit *e, const struct attachment *a, int interface)
{
	emit_array(e, "ips");
	for (size_t i = 0; i < a->nips; i++) {
		emit_object(e, NULL);
		emit_str(e, "address", a->ips[i].address);
		emit_str_if(e, "gateway", a->ips[i].gateway);
		if (interface >= 0)
			emit_int(e, "interface", interface);
		emit_end(e);
	}
	emit_end(e);
}

static void emit_routes(struct emit *e, const struct attachment *a)
{
	emit_array(e, "routes");
	for (size_t i = 0; i < a->nroutes; i++) {
		emit_object(e, NULL);
		emit_str(e, "dst", a->routes[i].dst);
		emit_str_if(e, "gw", a->routes[i].gw);
		emit_end(e);
	}
	emit_end(e);
}

static void emit_ports(struct emit *e, const char *key, const struct attachment *a)
{
	emit_array(e, key);
	for (size_t i = 0; i < a->nports; i++) {
		emit_object(e, NULL);
		emit_str(e, "hostIP", a->ports[i].hostIP);
		emit_int(e, "hostPort", a->ports[i].hostPort);
		emit_int(e, "containerPort", a->ports[i].containerPort);
		emit_str(e, "protocol", a->ports[i].protocol);
		emit_end(e);
	}
	emit_end(e);
}

void record_write(int dirfd, const char *file, const struct attachment *a)
{
	_buf_ struct buf text = { 0 };
	struct emit e = { .out = &text };

	emit_object(&e, NULL);
	emit_str(&e, "network", a->network);
	emit_str(&e, "ifName", a->ifName);
	if (a->chain)
		emit_bool(&e, "chain", true);
	if (a->routed)
		emit_bool(&e, "routed", true);
	if (a->shaped)
		emit_bool(&e, "shaped", true);
	if (a->helper)
		emit_bool(&e, "helper", true);
	if (a->named)
		emit_bool(&e, "named", true);
	emit_str_if(&e, "hostName", a->hostName);
	emit_str_if(&e, "bridge", a->bridge);
	emit_str_if(&e, "mac", a->mac);
	emit_ips(&e, a, -1);
	emit_routes(&e, a);
	emit_ports(&e, "ports", a);
	emit_end(&e);
	if (file_replace(dirfd, file, 0644, text.data, text.len, false))
		die("record '%s'", a->ifName);
}

void record_intend(int space_dirfd, const struct attachment *a)
{
	_free_ char *file = xasprintf("%s%s", a->ifName, suffix);

	record_write(space_dirfd, file, a);
}

void record_commit(int space_dirfd, const char *ifname)
{
	_free_ char *file = xasprintf("%s%s", ifname, suffix);

	if (renameat(space_dirfd, file, space_dirfd, ifname))
		die("record '%s'", ifname);
}

int record_read(int space_dirfd, const char *file, struct attachment *a)
{
	char why[DECODE_WHY_MAX];
	_buf_ struct buf text = { 0 };
	_json_ struct json *j = NULL;

	if (file_read_regular(space_dirfd, file, RECORD_BYTES_MAX, &text))
		return -1;
	j = json_parse(buf_str(&text), text.len, 0, why);
	return j ? decode(&attachment_schema, j, "", a, why) : set_errno(EINVAL);
}

void record_remove(int space_dirfd, const char *file)
{
	if (unlinkat(space_dirfd, file, 0) && errno != ENOENT)
		die("remove record '%s'", file);
}

bool record_is_intent(const char *file)
{
	return str_ends(file, suffix);
}

void record_each(int space_dirfd, record_fn *fn, void *arg)
{
	_strv_ struct strv files = { 0 };

	names_of(space_dirfd, &files);
	for (size_t i = 0; i < files.n; i++) {
		_attachment_ struct attachment a = { 0 };

		if (str_eq(files.v[i], SPACE_COOKIE))
			continue;
		/* What could not be read may be all that says that somebody lives there. */
		if (!record_read(space_dirfd, files.v[i], &a))
			fn(arg, files.v[i], &a);
		else if (errno == EINVAL)
			warn("read record '%s'", files.v[i]);
		else if (errno != ENOENT)
			die("read record '%s'", files.v[i]);
	}
}

static void emit_interface(struct emit *e, const char *name, const char *mac, const char *sandbox)
{
	emit_object(e, NULL);
	emit_str(e, "name", name);
	emit_str_if(e, "mac", mac);
	emit_str_if(e, "sandbox", sandbox);
	emit_end(e);
}

/* The network's name server is at its gateways. */
static void emit_dns(struct emit *e, const struct attachment *a)
{
	emit_object(e, "dns");
	if (a->helper) {
		emit_array(e, "nameservers");
		emit_str(e, NULL, rootless_server(a->network));
		emit_end(e);
	}
	if (a->named) {
		emit_array(e, "nameservers");
		for (size_t i = 0; i < a->nips; i++)
			emit_str_if(e, NULL, a->ips[i].gateway);
		emit_end(e);
	}
	emit_end(e);
}

/* What the plugins themselves said. */
static bool emit_cached(struct emit *e, const char *key, const char *name,
			const struct attachment *a)
{
	struct network net = { .name = a->network };
	struct chain_call c = { .id = name, .ifname = a->ifName, .net = &net };
	_buf_ struct buf version = { 0 };
	struct result r = { 0 };

	if (!chain_result(&c, &r, &version))
		return false;
	result_emit(e, key, buf_str(&version), &r);
	result_free(&r);
	return true;
}

void record_result(struct emit *e, const char *key, const char *name, const struct attachment *a)
{
	_free_ char *sandbox = xasprintf("%s/%s", netns_dir(), name);

	if (a->chain && emit_cached(e, key, name, a))
		return;
	emit_object(e, key);
	emit_str(e, "cniVersion", "1.0.0");
	emit_array(e, "interfaces");
	if (a->bridge) {
		emit_interface(e, a->bridge, NULL, NULL);
		emit_interface(e, a->hostName, NULL, NULL);
	}
	emit_interface(e, a->ifName, a->mac, sandbox);
	emit_end(e);
	emit_ips(e, a, a->bridge ? 2 : 0);
	emit_routes(e, a);
	emit_dns(e, a);
	/* Not CNI's, but how else would anyone learn the ports that were chosen? */
	emit_ports(e, "portMappings", a);
	emit_end(e);
}
