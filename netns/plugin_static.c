/* static: the addresses, routes and name servers that the configuration says. */
#include <string.h>

#include "lib/mem.h"
#include "netns/plugin.h"

struct address {
	char *address, *gateway;
};

struct ipam_conf {
	struct address *addresses;
	size_t naddresses;
	struct result_route *routes;
	size_t nroutes;
	struct json *dns;
};

static const struct field address_fields[] = {
	STR(struct address, address, REQUIRED),
	STR(struct address, gateway, 0),
	END,
};
static const struct schema address_schema = { sizeof(struct address), address_fields };

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

static const struct field ipam_fields[] = {
	LIST(struct ipam_conf, addresses, naddresses, &address_schema, 0),
	LIST(struct ipam_conf, routes, nroutes, &route_schema, 0),
	TREE(struct ipam_conf, dns, 0),
	END,
};
static const struct schema ipam_schema = { sizeof(struct ipam_conf), ipam_fields };

static void add_address(struct result *r, const char *text, const char *gateway)
{
	struct nl_addr a, gw = { 0 };

	if (!strchr(text, '/') || addr_parse(text, &a))
		cni_fail(CNI_BAD_CONFIG,
			 "the 'address' field is expected to be in CIDR notation, got: '%s'", text);
	if (gateway && *gateway && addr_parse(gateway, &gw))
		cni_fail(CNI_BAD_CONFIG, "gateway: not an address: '%s'", gateway);
	result_add_ip(r, &a, &gw);
}

/* GATEWAY of CNI_ARGS goes to the first address of its family that has none. */
static void add_gateways(const struct call *c, struct result *r)
{
	_free_ char *arg = cni_arg(c, "GATEWAY");
	_strv_ struct strv list = { 0 };

	if (!arg || !*arg)
		return;
	strv_split(&list, arg, ',');
	for (size_t i = 0; i < list.n; i++) {
		struct nl_addr gw, a;

		if (addr_parse(list.v[i], &gw))
			cni_fail(CNI_BAD_ENV, "CNI_ARGS: GATEWAY: not an address: '%s'", list.v[i]);
		for (size_t j = 0; j < r->nips; j++) {
			if (!addr_parse(r->ips[j].address, &a) && addr_within(&gw, &a) &&
			    !r->ips[j].gateway)
				r->ips[j].gateway = xstrdup(list.v[i]);
		}
	}
}

void static_add(const struct call *c, struct result *r)
{
	struct ipam_conf conf = { 0 };
	_strv_ struct strv wanted = { 0 };

	cni_conf(c, "ipam", &ipam_schema, &conf);
	cni_wanted_ips(c, &wanted);
	for (size_t i = 0; i < wanted.n; i++)
		add_address(r, wanted.v[i], NULL);
	for (size_t i = 0; !wanted.n && i < conf.naddresses; i++)
		add_address(r, conf.addresses[i].address, conf.addresses[i].gateway);
	add_gateways(c, r);
	r->routes = steal_ptr(&conf.routes);
	r->nroutes = conf.nroutes;
	conf.nroutes = 0;
	r->dns = steal_ptr(&conf.dns);
	decode_free(&ipam_schema, &conf);
}

void static_check(const struct call *c, struct result *r _unused_)
{
	struct ipam_conf conf = { 0 };

	cni_conf(c, "ipam", &ipam_schema, &conf);
	for (size_t i = 0; i < conf.naddresses; i++) {
		bool found = false;

		for (size_t j = 0; j < c->prev.nips; j++)
			found = found || str_eq(c->prev.ips[j].address, conf.addresses[i].address);
		if (!found)
			cni_fail(CNI_OTHER, "static: failed to find address '%s'",
				 conf.addresses[i].address);
	}
	decode_free(&ipam_schema, &conf);
}
