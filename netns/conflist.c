#include <net/if.h>
#include <stdarg.h>
#include <string.h>

#include "lib/decode.h"
#include "lib/mem.h"
#include "netns/cni.h"

struct range_text {
	char *subnet, *rangeStart, *rangeEnd, *gateway;
};

struct ipam {
	char *type;
	char *subnet, *rangeStart, *rangeEnd, *gateway; /* one range, the old way */
	struct json *ranges;				/* lists of struct range_text */
	struct json *exclude;				/* addresses never handed out */
	struct hop *routes;
	size_t nroutes;
};

struct bridge_conf {
	char *type, *bridge, *gatewayMode;
	bool isGateway, isDefaultGateway, ipMasq, hairpinMode, portIsolation, resolver;
	uint32_t mtu;
	struct ipam *ipam;
};

struct conflist {
	char *cniVersion, *name;
	struct json *plugins;
};

static const struct field range_fields[] = {
	STR(struct range_text, subnet, REQUIRED),
	STR(struct range_text, rangeStart, 0),
	STR(struct range_text, rangeEnd, 0),
	STR(struct range_text, gateway, 0),
	END,
};
static const struct schema range_schema = { sizeof(struct range_text), range_fields };

static const struct field hop_fields[] = {
	STR(struct hop, dst, REQUIRED),
	STR(struct hop, gw, 0),
	END,
};
static const struct schema hop_schema = { sizeof(struct hop), hop_fields };

static const struct field ipam_fields[] = {
	STR(struct ipam, type, REQUIRED),
	STR(struct ipam, subnet, 0),
	STR(struct ipam, rangeStart, 0),
	STR(struct ipam, rangeEnd, 0),
	STR(struct ipam, gateway, 0),
	TREE(struct ipam, ranges, 0),
	TREE(struct ipam, exclude, 0),
	LIST(struct ipam, routes, nroutes, &hop_schema, 0),
	END,
};
static const struct schema ipam_schema = { sizeof(struct ipam), ipam_fields };

static const struct field bridge_fields[] = {
	STR(struct bridge_conf, type, REQUIRED),
	STR(struct bridge_conf, bridge, 0),
	STR(struct bridge_conf, gatewayMode, 0),
	BOOL(struct bridge_conf, isGateway),
	BOOL(struct bridge_conf, isDefaultGateway),
	BOOL(struct bridge_conf, ipMasq),
	BOOL(struct bridge_conf, hairpinMode),
	BOOL(struct bridge_conf, portIsolation),
	BOOL(struct bridge_conf, resolver),
	U32(struct bridge_conf, mtu, 0),
	OBJ(struct bridge_conf, ipam, &ipam_schema, REQUIRED),
	END,
};
static const struct schema bridge_schema = { sizeof(struct bridge_conf), bridge_fields };

static const struct field list_fields[] = {
	STR(struct conflist, cniVersion, 0),
	STR(struct conflist, name, REQUIRED),
	TREE(struct conflist, plugins, REQUIRED),
	END,
};
static const struct schema list_schema = { sizeof(struct conflist), list_fields };

_printf_(2, 3) static int refuse(char why[WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, WHY_MAX, fmt, ap);
	va_end(ap);
	return set_errno(EINVAL);
}

static int put_addr(const char *text, const char *what, struct nl_addr *a, char why[WHY_MAX])
{
	return addr_parse(text, a) ? refuse(why, "%s: not an address: '%s'", what, text) : 0;
}

/* Fill in what a range leaves out, as host-local does: the first address is the gateway's, the
 * lowest and (IPv4) the highest are nobody's. */
static int complete_range(const struct range_text *t, struct range *r, char why[WHY_MAX])
{
	struct nl_addr lowest, highest;

	if (put_addr(t->subnet, "subnet", &r->subnet, why))
		return -1;
	if (!strchr(t->subnet, '/') || r->subnet.prefix > 8 * addr_bytes(&r->subnet) - 2)
		return refuse(why, "subnet: no room for addresses: '%s'", t->subnet);
	/* 0.0.0.0/0 would be the host's whole world. */
	if (r->subnet.prefix < 8)
		return refuse(why, "subnet: too large: '%s'", t->subnet);
	r->subnet = lowest = addr_lowest(&r->subnet);
	highest = addr_highest(&r->subnet);
	r->first = r->gateway = addr_step(&lowest, 1);
	r->last = r->subnet.family == AF_INET ? addr_step(&highest, -1) : highest;
	if (t->rangeStart && put_addr(t->rangeStart, "rangeStart", &r->first, why))
		return -1;
	if (t->rangeEnd && put_addr(t->rangeEnd, "rangeEnd", &r->last, why))
		return -1;
	if (t->gateway && put_addr(t->gateway, "gateway", &r->gateway, why))
		return -1;
	if (!addr_within(&r->first, &r->subnet) || !addr_within(&r->last, &r->subnet) ||
	    addr_compare(&r->first, &r->last) > 0)
		return refuse(why, "range '%s': start and end are not in order within it",
			      t->subnet);
	if (!addr_within(&r->gateway, &r->subnet))
		return refuse(why, "gateway is not in '%s'", t->subnet);
	r->first.prefix = r->last.prefix = r->gateway.prefix = r->subnet.prefix;
	return 0;
}

static int add_range(const struct range_text *t, unsigned set, struct network *net,
		     char why[WHY_MAX])
{
	struct range r = { .set = set };

	if (net->nranges == RANGES_MAX)
		return refuse(why, "more than %d address ranges", RANGES_MAX);
	if (complete_range(t, &r, why))
		return -1;
	for (size_t i = 0; i < net->nranges; i++) {
		if (addr_overlaps(&r.subnet, &net->ranges[i].subnet) &&
		    addr_compare(&r.first, &net->ranges[i].last) <= 0 &&
		    addr_compare(&net->ranges[i].first, &r.last) <= 0)
			return refuse(why, "range '%s' overlaps another one", t->subnet);
	}
	net->ranges[net->nranges++] = r;
	return 0;
}

static int add_range_set(const struct json *set, struct network *net, char why[WHY_MAX])
{
	if (net->nsets == RANGE_SETS_MAX || set->type != JSON_ARRAY || !set->child)
		return refuse(why, "ipam.ranges: must be 1 to %d lists of ranges", RANGE_SETS_MAX);
	for (const struct json *one = set->child; one; one = one->next) {
		char where[DECODE_WHY_MAX];
		struct range_text t = { 0 };
		int bad = decode(&range_schema, one, "ipam.ranges", &t, where)
				  ? refuse(why, "%s", where)
				  : add_range(&t, net->nsets, net, why);

		decode_free(&range_schema, &t);
		if (bad)
			return -1;
	}
	net->nsets++;
	return 0;
}

static int take_sets(const struct json *sets, struct network *net, char why[WHY_MAX])
{
	if (sets && sets->type == JSON_NULL)
		return 0;
	if (sets && sets->type != JSON_ARRAY)
		return refuse(why, "ipam.ranges: must be a list of lists");
	for (const struct json *set = sets ? sets->child : NULL; set; set = set->next) {
		if (add_range_set(set, net, why))
			return -1;
	}
	return 0;
}

/* An addition of ours (host-local has only ranges): addresses of somebody else's. */
static int take_exclude(const struct json *list, struct network *net, char why[WHY_MAX])
{
	if (list && list->type != JSON_ARRAY && list->type != JSON_NULL)
		return refuse(why, "ipam.exclude: must be a list of addresses");
	for (const struct json *j = list ? list->child : NULL; j; j = j->next) {
		if (net->nexcluded == EXCLUDED_MAX)
			return refuse(why, "more than %d excluded addresses", EXCLUDED_MAX);
		if (j->type != JSON_STRING)
			return refuse(why, "ipam.exclude: must be a list of addresses");
		if (put_addr(j->text, "ipam.exclude", &net->excluded[net->nexcluded++], why))
			return -1;
	}
	return 0;
}

static int take_ipam(const struct ipam *ipam, const struct json *more, struct network *net,
		     char why[WHY_MAX])
{
	if (ipam->subnet) {
		const struct range_text t = { ipam->subnet, ipam->rangeStart, ipam->rangeEnd,
					      ipam->gateway };

		if (add_range(&t, net->nsets++, net, why))
			return -1;
	}
	if (take_sets(ipam->ranges, net, why) || take_sets(more, net, why) ||
	    take_exclude(ipam->exclude, net, why))
		return -1;
	if (!net->nsets)
		return refuse(why, "ipam: no subnet and no ranges");
	if (ipam->nroutes > ROUTES_MAX)
		return refuse(why, "more than %d routes", ROUTES_MAX);
	for (size_t i = 0; i < ipam->nroutes; i++) {
		struct route *r = &net->routes[net->nroutes++];

		if (put_addr(ipam->routes[i].dst, "ipam.routes.dst", &r->dst, why))
			return -1;
		if (ipam->routes[i].gw &&
		    put_addr(ipam->routes[i].gw, "ipam.routes.gw", &r->gateway, why))
			return -1;
		if (!r->dst.prefix)
			net->default_route = true;
	}
	return 0;
}

int network_parse_ipam(const struct json *j, const struct json *more, struct network *net,
		       char why[WHY_MAX])
{
	char where[DECODE_WHY_MAX];
	struct ipam ipam = { 0 };
	int bad = decode(&ipam_schema, j, "ipam", &ipam, where) ? refuse(why, "%s", where)
								: take_ipam(&ipam, more, net, why);

	decode_free(&ipam_schema, &ipam);
	return bad;
}

bool is_ifname(const char *s)
{
	return s && str_is_name(s) && strlen(s) < IF_NAMESIZE && !str_eq(s, "lo") &&
	       !record_is_intent(s);
}

/* An addition of ours: docker's gateway modes but for "isolated", which is a bridge without
 * isGateway. */
static int take_gateway_mode(const char *mode, struct network *net, char why[WHY_MAX])
{
	if (!mode || !*mode || str_eq(mode, "nat"))
		return 0;
	net->unguarded = str_eq(mode, "nat-unprotected");
	net->routed = str_eq(mode, "routed");
	if (!net->unguarded && !net->routed)
		return refuse(why, "gatewayMode: not nat, nat-unprotected or routed: '%s'", mode);
	if (net->routed)
		net->masquerade = false;
	return 0;
}

static int take_bridge(const struct bridge_conf *p, struct network *net, char why[WHY_MAX])
{
	if (net->bridge)
		return refuse(why, "more than one bridge");
	if (!is_ifname(p->bridge))
		return refuse(why, "bridge: not an interface name: '%s'",
			      p->bridge ? p->bridge : "");
	net->bridge = xstrdup(p->bridge);
	net->mtu = p->mtu;
	net->is_gateway = p->isGateway || p->isDefaultGateway;
	net->default_route = p->isDefaultGateway;
	net->masquerade = p->ipMasq;
	net->hairpin = p->hairpinMode;
	net->isolated = p->portIsolation;
	net->resolver = p->resolver;
	if (take_gateway_mode(p->gatewayMode, net, why))
		return -1;
	if (!str_eq(p->ipam->type, "host-local"))
		return refuse(why, "ipam.type '%s' is not built in", p->ipam->type);
	return take_ipam(p->ipam, NULL, net, why);
}

/* What a plugin's configuration says goes into NET. Only what is really done here is accepted. */
static int take_plugin(const struct json *j, struct network *net, char why[WHY_MAX])
{
	const char *type = json_get_str(j, "type");
	char where[DECODE_WHY_MAX];
	struct bridge_conf p = { 0 };
	int bad;

	if (!type)
		return refuse(why, "plugins: a plugin without a type");
	if (str_eq(type, "portmap")) {
		net->publishes = true;
		return 0;
	}
	/* The rules every network gets do what firewall does by default. */
	if (str_eq(type, "firewall"))
		return 0;
	if (!str_eq(type, "bridge"))
		return refuse(why, "plugin '%s' is not built in", type);
	bad = decode(&bridge_schema, j, "plugins", &p, where) ? refuse(why, "%s", where)
							      : take_bridge(&p, net, why);
	decode_free(&bridge_schema, &p);
	return bad;
}

static const char *type_of(const struct json *plugin)
{
	const char *type = json_get_str(plugin, "type");

	return type && str_is_name(type) ? type : "";
}

static bool has_any(const struct json *plugin, const char *const *members)
{
	for (; *members; members++) {
		const struct json *m = json_get(plugin, *members);

		if (m && m->type != JSON_NULL && m->type != JSON_FALSE)
			return true;
	}
	return false;
}

/* Is that something only the plugin itself does? */
static bool needs_plugin(const struct json *p)
{
	static const char *const of_bridge[] = { "vlan",	"vlanTrunk",
						 "promiscMode", "forceAddress",
						 "macspoofchk", "disableContainerInterface",
						 "enabledad",	"dns",
						 NULL };
	static const char *const of_ipam[] = { "dataDir", "resolvConf", NULL };
	static const char *const of_portmap[] = { "snat", "conditionsV4", "conditionsV6", "masqAll",
						  NULL };
	const struct json *ipam = json_get(p, "ipam"), *snat = json_get(p, "snat");
	const char *type = type_of(p), *manager = json_get_str(ipam, "type");

	if (str_eq(type, "bridge"))
		return has_any(p, of_bridge) || has_any(ipam, of_ipam) ||
		       (manager && !str_eq(manager, "host-local"));
	if (str_eq(type, "portmap"))
		return (snat && snat->type == JSON_FALSE) || has_any(p, of_portmap + 1);
	return !str_eq(type, "firewall");
}

/* Does the caller's order of plugins put somebody else's first? */
static bool is_foreign(const struct json *p)
{
	const char *order = getenv("CNI_PATH");
	_free_ char *path = order ? cni_find(type_of(p), order) : NULL;

	return path && !cni_is_us(path);
}

static bool is_chain(const struct json *plugins)
{
	for (const struct json *p = plugins->child; p; p = p->next) {
		if (needs_plugin(p) || is_foreign(p))
			return true;
	}
	return false;
}

static int take_chain(const struct json *plugins, struct network *net, char why[WHY_MAX])
{
	net->chain = true;
	for (const struct json *p = plugins->child; p; p = p->next) {
		const struct json *can = json_get(json_get(p, "capabilities"), "portMappings");
		const char *bridge = json_get_str(p, "bridge");

		if (!*type_of(p))
			return refuse(why, "plugins: a plugin without a type that is a name");
		net->publishes = net->publishes || (can && can->type == JSON_TRUE);
		if (bridge && is_ifname(bridge) && !net->bridge)
			net->bridge = xstrdup(bridge);
	}
	return 0;
}

static int take_list(const struct conflist *list, struct network *net, char why[WHY_MAX])
{
	if (!str_is_name(list->name))
		return refuse(why, "name: not a name: '%s'", list->name);
	net->name = xstrdup(list->name);
	if (list->plugins->type != JSON_ARRAY)
		return refuse(why, "plugins: must be a list");
	if (list->plugins->child)
		net->driver = xstrdup(type_of(list->plugins->child));
	if (is_chain(list->plugins))
		return take_chain(list->plugins, net, why);
	for (const struct json *p = list->plugins->child; p; p = p->next) {
		if (take_plugin(p, net, why))
			return -1;
	}
	return net->bridge ? 0 : refuse(why, "plugins: none of type bridge");
}

int network_parse(const char *text, size_t len, struct network *net, char why[WHY_MAX])
{
	_json_ struct json *j = json_parse(text, len, 0, why);
	struct conflist list = { 0 };
	char where[DECODE_WHY_MAX];
	int bad;

	if (!j)
		return set_errno(EINVAL);
	bad = decode(&list_schema, j, "", &list, where) ? refuse(why, "%s", where)
							: take_list(&list, net, why);
	decode_free(&list_schema, &list);
	if (!bad)
		buf_add(&net->text, text, len);
	return bad;
}

void network_free(struct network *net)
{
	free(net->name);
	free(net->bridge);
	free(net->driver);
	buf_free(&net->text);
	*net = (struct network){ 0 };
}

static bool has_family(const struct network *net, int family)
{
	for (size_t i = 0; i < net->nranges; i++) {
		if (net->ranges[i].subnet.family == family)
			return true;
	}
	return false;
}

bool network_has_ipv4(const struct network *net)
{
	return has_family(net, AF_INET);
}

bool network_has_ipv6(const struct network *net)
{
	return has_family(net, AF_INET6);
}
