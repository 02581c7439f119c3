#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"
#include "netns/cni.h"

static const char *const versions[] = { "0.1.0", "0.2.0", "0.3.0", "0.3.1",
					"0.4.0", "1.0.0", "1.1.0" };

static const struct field interface_fields[] = {
	STR(struct result_interface, name, REQUIRED),
	STR(struct result_interface, mac, 0),
	STR(struct result_interface, sandbox, 0),
	U32(struct result_interface, mtu, 0),
	END,
};
static const struct schema interface_schema = { sizeof(struct result_interface), interface_fields };

static const struct field ip_fields[] = {
	STR(struct result_ip, address, REQUIRED),
	STR(struct result_ip, gateway, 0),
	I64_HAS(struct result_ip, interface, has_interface),
	END,
};
static const struct schema ip_schema = { sizeof(struct result_ip), ip_fields };

static const struct field route_fields[] = {
	STR(struct result_route, dst, REQUIRED),
	STR(struct result_route, gw, 0),
	U32(struct result_route, mtu, 0),
	U32(struct result_route, advmss, 0),
	U32(struct result_route, priority, 0),
	U32(struct result_route, table, 0),
	END,
};
static const struct schema route_schema = { sizeof(struct result_route), route_fields };

static const struct field result_fields[] = {
	LIST(struct result, interfaces, ninterfaces, &interface_schema, 0),
	LIST(struct result, ips, nips, &ip_schema, 0),
	LIST(struct result, routes, nroutes, &route_schema, 0),
	TREE(struct result, dns, 0),
	END,
};
static const struct schema result_schema = { sizeof(struct result), result_fields };

/* Until 0.2.0 a result had one address of each family, and routes belonged to it. */
struct old_ip {
	char *ip, *gateway;
	struct result_route *routes;
	size_t nroutes;
};

struct old_result {
	struct old_ip *ip4, *ip6;
	struct json *dns;
};

static const struct field old_ip_fields[] = {
	STR(struct old_ip, ip, REQUIRED),
	STR(struct old_ip, gateway, 0),
	LIST(struct old_ip, routes, nroutes, &route_schema, 0),
	END,
};
static const struct schema old_ip_schema = { sizeof(struct old_ip), old_ip_fields };

static const struct field old_fields[] = {
	OBJ(struct old_result, ip4, &old_ip_schema, 0),
	OBJ(struct old_result, ip6, &old_ip_schema, 0),
	TREE(struct old_result, dns, 0),
	END,
};
static const struct schema old_schema = { sizeof(struct old_result), old_fields };

bool cni_version_known(const char *version)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		if (str_eq(version, versions[i]))
			return true;
	}
	return false;
}

int cni_version_compare(const char *a, const char *b)
{
	unsigned x[3] = { 0 }, y[3] = { 0 };

	if (sscanf(a, "%u.%u.%u", &x[0], &x[1], &x[2]) < 1 ||
	    sscanf(b, "%u.%u.%u", &y[0], &y[1], &y[2]) < 1)
		return strcmp(a, b);
	for (int i = 0; i < 3; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

void cni_emit_versions(struct emit *e, const char *version)
{
	emit_object(e, NULL);
	emit_str(e, "cniVersion", version);
	emit_array(e, "supportedVersions");
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		emit_str(e, NULL, versions[i]);
	emit_end(e);
	emit_end(e);
}

const char *cni_version_of(const struct json *conflist)
{
	const struct json *list = json_get(conflist, "cniVersions");
	const char *best = json_get_str(conflist, "cniVersion");

	/* What says nothing is of before the member was there. */
	if (!best)
		best = list ? NULL : "0.2.0";
	if (best && !cni_version_known(best))
		best = NULL;
	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		if (v->type == JSON_STRING && cni_version_known(v->text) &&
		    (!best || cni_version_compare(v->text, best) > 0))
			best = v->text;
	}
	return best;
}

struct result_interface *result_add_interface(struct result *r, const char *name, const char *mac,
					      const char *sandbox)
{
	struct result_interface *i;

	r->interfaces = xreallocarray(r->interfaces, r->ninterfaces + 1, sizeof(*r->interfaces));
	i = &r->interfaces[r->ninterfaces++];
	*i = (struct result_interface){ .name = xstrdup(name),
					.mac = mac ? xstrdup(mac) : NULL,
					.sandbox = sandbox ? xstrdup(sandbox) : NULL };
	return i;
}

static struct result_ip *new_ip(struct result *r)
{
	r->ips = xreallocarray(r->ips, r->nips + 1, sizeof(*r->ips));
	r->ips[r->nips] = (struct result_ip){ 0 };
	return &r->ips[r->nips++];
}

void result_add_ip(struct result *r, const struct nl_addr *address, const struct nl_addr *gateway)
{
	struct result_ip *ip = new_ip(r);
	char text[ADDR_TEXT_MAX];

	ip->address = xstrdup(addr_text(address, true, text));
	ip->gateway = gateway && gateway->family ? xstrdup(addr_text(gateway, false, text)) : NULL;
}

void result_add_route(struct result *r, const char *dst, const char *gw)
{
	r->routes = xreallocarray(r->routes, r->nroutes + 1, sizeof(*r->routes));
	r->routes[r->nroutes++] = (struct result_route){ .dst = xstrdup(dst),
							 .gw = gw ? xstrdup(gw) : NULL };
}

static void take_old(struct old_ip *old, struct result *r)
{
	struct result_ip *ip;

	if (!old)
		return;
	ip = new_ip(r);
	ip->address = steal_ptr(&old->ip);
	ip->gateway = steal_ptr(&old->gateway);
	for (size_t i = 0; i < old->nroutes; i++)
		result_add_route(r, old->routes[i].dst, old->routes[i].gw);
}

static int parse_old(const struct json *j, struct result *r, char why[WHY_MAX])
{
	struct old_result old = { 0 };
	int bad = decode(&old_schema, j, "", &old, why);

	if (!bad) {
		take_old(old.ip4, r);
		take_old(old.ip6, r);
		r->dns = steal_ptr(&old.dns);
	}
	decode_free(&old_schema, &old);
	return bad;
}

/* Addresses and what they point to must hold together before anyone uses them. */
static int check(const struct result *r, char why[WHY_MAX])
{
	struct nl_addr a;

	for (size_t i = 0; i < r->nips; i++) {
		const struct result_ip *ip = &r->ips[i];

		if (addr_parse(ip->address, &a) || (ip->gateway && addr_parse(ip->gateway, &a))) {
			snprintf(why, WHY_MAX, "ips[%zu]: not an address", i);
			return set_errno(EINVAL);
		}
		if (ip->has_interface &&
		    (ip->interface < 0 || (uint64_t)ip->interface >= r->ninterfaces)) {
			snprintf(why, WHY_MAX, "ips[%zu].interface: no such interface", i);
			return set_errno(EINVAL);
		}
	}
	for (size_t i = 0; i < r->nroutes; i++) {
		const struct result_route *t = &r->routes[i];

		if (addr_parse(t->dst, &a) || (t->gw && *t->gw && addr_parse(t->gw, &a))) {
			snprintf(why, WHY_MAX, "routes[%zu]: not an address", i);
			return set_errno(EINVAL);
		}
	}
	return 0;
}

int result_parse(const struct json *j, struct result *r, char why[WHY_MAX])
{
	bool old = json_get(j, "ip4") || json_get(j, "ip6");

	if (old ? parse_old(j, r, why) : decode(&result_schema, j, "", r, why))
		return -1;
	return check(r, why);
}

void result_free(struct result *r)
{
	decode_free(&result_schema, r);
}

/* By way of the one form that says it all. */
void result_copy(struct result *to, const struct result *from)
{
	_buf_ struct buf text = { 0 };
	struct emit e = { .out = &text };
	char why[WHY_MAX];
	_json_ struct json *j = NULL;

	result_emit(&e, NULL, "1.1.0", from);
	j = json_parse(buf_str(&text), text.len, 0, why);
	if (!j || result_parse(j, to, why))
		abort();
}

static void emit_number_if(struct emit *e, const char *key, uint32_t n)
{
	if (n)
		emit_u64(e, key, n);
}

static void emit_route(struct emit *e, const struct result_route *r, bool new)
{
	emit_object(e, NULL);
	emit_str(e, "dst", r->dst);
	emit_str_if(e, "gw", r->gw);
	if (new) {
		emit_number_if(e, "mtu", r->mtu);
		emit_number_if(e, "advmss", r->advmss);
		emit_number_if(e, "priority", r->priority);
		emit_number_if(e, "table", r->table);
	}
	emit_end(e);
}

static bool is_ipv6(const char *address)
{
	return strchr(address, ':');
}

static void emit_old_ip(struct emit *e, const struct result *r, bool v6)
{
	size_t i = 0;

	while (i < r->nips && is_ipv6(r->ips[i].address) != v6)
		i++;
	if (i == r->nips)
		return;
	emit_object(e, v6 ? "ip6" : "ip4");
	emit_str(e, "ip", r->ips[i].address);
	emit_str_if(e, "gateway", r->ips[i].gateway);
	emit_array(e, "routes");
	for (i = 0; i < r->nroutes; i++) {
		if (is_ipv6(r->routes[i].dst) == v6)
			emit_route(e, &r->routes[i], false);
	}
	emit_end(e);
	emit_end(e);
}

static void emit_interfaces(struct emit *e, const struct result *r, bool new)
{
	if (!r->ninterfaces)
		return;
	emit_array(e, "interfaces");
	for (size_t i = 0; i < r->ninterfaces; i++) {
		emit_object(e, NULL);
		emit_str(e, "name", r->interfaces[i].name);
		emit_str_if(e, "mac", r->interfaces[i].mac);
		if (new)
			emit_number_if(e, "mtu", r->interfaces[i].mtu);
		emit_str_if(e, "sandbox", r->interfaces[i].sandbox);
		emit_end(e);
	}
	emit_end(e);
}

static void emit_ips(struct emit *e, const struct result *r, bool with_version)
{
	emit_array(e, "ips");
	for (size_t i = 0; i < r->nips; i++) {
		emit_object(e, NULL);
		if (with_version)
			emit_str(e, "version", is_ipv6(r->ips[i].address) ? "6" : "4");
		emit_str(e, "address", r->ips[i].address);
		emit_str_if(e, "gateway", r->ips[i].gateway);
		if (r->ips[i].has_interface)
			emit_int(e, "interface", r->ips[i].interface);
		emit_end(e);
	}
	emit_end(e);
}

void result_emit(struct emit *e, const char *key, const char *version, const struct result *r)
{
	bool new = cni_version_compare(version, "1.1.0") >= 0;

	emit_object(e, key);
	emit_str(e, "cniVersion", version);
	if (cni_version_compare(version, "0.3.0") < 0) {
		emit_old_ip(e, r, false);
		emit_old_ip(e, r, true);
	} else {
		emit_interfaces(e, r, new);
		emit_ips(e, r, cni_version_compare(version, "1.0.0") < 0);
		emit_array(e, "routes");
		for (size_t i = 0; i < r->nroutes; i++)
			emit_route(e, &r->routes[i], new);
		emit_end(e);
	}
	if (r->dns) {
		emit_json(e, "dns", r->dns);
	} else {
		emit_object(e, "dns");
		emit_end(e);
	}
	emit_end(e);
}
