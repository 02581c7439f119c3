/* portmap: the host's ports lead to the container's. firewall: what keeps bridges apart. */
#include <arpa/inet.h>
#include <linux/ip.h>
#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "netns/plugin.h"

struct mapping {
	char *hostIP, *protocol;
	uint32_t hostPort, containerPort;
};

struct runtime {
	struct mapping *portMappings;
	size_t n;
};

struct conf {
	struct runtime *runtimeConfig;
	bool snat, has_snat;
	struct json *conditionsV4, *conditionsV6;
};

static const struct field mapping_fields[] = {
	STR(struct mapping, hostIP, 0),
	STR(struct mapping, protocol, 0),
	U32(struct mapping, hostPort, 0),
	U32(struct mapping, containerPort, REQUIRED),
	END,
};
static const struct schema mapping_schema = { sizeof(struct mapping), mapping_fields };

static const struct field runtime_fields[] = {
	LIST(struct runtime, portMappings, n, &mapping_schema, 0),
	END,
};
static const struct schema runtime_schema = { sizeof(struct runtime), runtime_fields };

static const struct field fields[] = {
	OBJ(struct conf, runtimeConfig, &runtime_schema, 0),
	BOOL_HAS(struct conf, snat, has_snat),
	TREE(struct conf, conditionsV4, 0),
	TREE(struct conf, conditionsV6, 0),
	END,
};
static const struct schema schema = { sizeof(struct conf), fields };

static void check_mapping(const struct mapping *m)
{
	struct nl_addr a;

	if (m->hostPort > 65535 || !m->containerPort || m->containerPort > 65535)
		cni_fail(CNI_BAD_CONFIG, "invalid port mapping %u to %u", m->hostPort,
			 m->containerPort);
	if (m->hostIP && *m->hostIP && (strchr(m->hostIP, '/') || addr_parse(m->hostIP, &a)))
		cni_fail(CNI_BAD_CONFIG, "hostIP: not an address: '%s'", m->hostIP);
	if (m->hostIP && str_eq(m->hostIP, "::1"))
		cni_fail(CNI_UNSUPPORTED, "hostIP: no rule can send on what is sent to ::1");
}

static void lower(char *s)
{
	for (; s && *s; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s += 'a' - 'A';
	}
}

static void take_conf(const struct call *c, struct conf *conf)
{
	cni_conf(c, NULL, &schema, conf);
	if ((conf->conditionsV4 && conf->conditionsV4->child) ||
	    (conf->conditionsV6 && conf->conditionsV6->child))
		cni_fail(CNI_UNSUPPORTED, "conditionsV4, conditionsV6: arguments of iptables");
	for (size_t i = 0; conf->runtimeConfig && i < conf->runtimeConfig->n; i++) {
		struct mapping *m = &conf->runtimeConfig->portMappings[i];

		check_mapping(m);
		if (!m->protocol || !*m->protocol) {
			free(m->protocol);
			m->protocol = xstrdup("tcp");
		}
		lower(m->protocol);
		if (protocol_number(m->protocol) < 0)
			cni_fail(CNI_BAD_CONFIG, "unknown protocol: '%s'", m->protocol);
	}
}

static bool is_unspecified(const char *ip)
{
	return !ip || !*ip || str_eq(ip, "0.0.0.0") || str_eq(ip, "::");
}

/* Which mappings there are to be: those with a port of the host. */
static void take_ports(const struct conf *conf, struct attachment *a)
{
	const struct runtime *run = conf->runtimeConfig;

	a->ports = xcalloc(run->n, sizeof(*a->ports));
	for (size_t i = 0; i < run->n; i++) {
		const struct mapping *m = &run->portMappings[i];

		if (!m->hostPort)
			continue;
		a->ports[a->nports++] = (struct port){
			xstrdup(is_unspecified(m->hostIP) ? "" : m->hostIP), m->hostPort,
			m->containerPort, xstrdup(m->protocol)
		};
	}
}

/* The address on the container's own interface comes first; the table takes the first of each
 * family. */
static void keep_own_addresses(const struct call *c, struct attachment *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->prev.nips && i < a->nips; i++) {
		const struct result_ip *ip = &c->prev.ips[i];
		const struct result_interface *f = ip->has_interface
							   ? &c->prev.interfaces[ip->interface]
							   : NULL;
		char *swap = a->ips[i].address;

		if (f && !(f->sandbox && *f->sandbox))
			continue;
		a->ips[i].address = a->ips[kept].address;
		a->ips[kept++].address = swap;
	}
}

/* From 127.0.0.1, too; the table's first rule drops what that would let in from outside. */
static void route_localnet(const char *link)
{
	_nl_ struct nl nl = { .fd = -1 };

	if (nl_open(&nl))
		die("open a netlink socket");
	nl_link_conf4(&nl, link, IPV4_DEVCONF_ROUTE_LOCALNET, 1);
	if (nl_commit(&nl))
		warnx("%s: 127.0.0.1 will not lead to published ports", nl_what(&nl));
}

/* What the container is reached by: its veth's bridge, or the veth. */
static char *way_in(const struct call *c)
{
	const struct result_interface *out = result_outside(c, &c->prev);
	_nl_ struct nl nl = { .fd = -1 };
	struct nl_found found, master;

	if (!out)
		return NULL;
	if (nl_open(&nl))
		die("open a netlink socket");
	if (nl_link_find(&nl, out->name, &found) || !found.master ||
	    nl_link_find_index(&nl, found.master, &master))
		return xstrdup(out->name);
	return xstrdup(master.name);
}

static void refuse(const struct attachment *a)
{
	_nft_ struct nft nft = { .fd = -1 };

	table_open(&nft);
	ports_refused(&nft, a);
}

void portmap_add(const struct call *c, struct result *r)
{
	struct conf conf = { 0 };
	_attachment_ struct attachment a = { 0 };
	_free_ char *link = NULL;
	bool snat;

	take_conf(c, &conf);
	if (!conf.runtimeConfig || !conf.runtimeConfig->n) {
		decode_free(&schema, &conf);
		return;
	}
	if (!r->nips)
		cni_fail(CNI_BAD_CONFIG, "got no IPs from prevResult");
	link = way_in(c);
	a = mark_attachment(c, r, link);
	keep_own_addresses(c, &a);
	take_ports(&conf, &a);
	snat = !conf.has_snat || conf.snat;
	if (link && snat)
		route_localnet(link);
	if (mark_set(c, snat ? MARK_PORTS : MARK_PORTS_BARE, &a)) {
		if (errno == EEXIST)
			refuse(&a);
		die("publish ports");
	}
	decode_free(&schema, &conf);
}

void portmap_del(const struct call *c, struct result *r _unused_)
{
	mark_clear(c, MARK_PORTS);
	mark_clear(c, MARK_PORTS_BARE);
}

void portmap_check(const struct call *c, struct result *r _unused_)
{
	struct conf conf = { 0 };

	take_conf(c, &conf);
	if (conf.runtimeConfig && conf.runtimeConfig->n && mark_check(c, MARK_PORTS) &&
	    mark_check(c, MARK_PORTS_BARE))
		diex("ports of '%s' are not published", c->id);
	decode_free(&schema, &conf);
}

void portmap_gc(const struct call *c, struct result *r _unused_)
{
	mark_gc(c, MARK_PORTS);
	mark_gc(c, MARK_PORTS_BARE);
}

struct firewall_conf {
	char *ingressPolicy;
};

static const struct field firewall_fields[] = {
	STR(struct firewall_conf, ingressPolicy, 0),
	END,
};
static const struct schema firewall_schema = { sizeof(struct firewall_conf), firewall_fields };

/* Bridges apart, or everything as it is. */
static bool wants_apart(const struct call *c)
{
	struct firewall_conf conf = { 0 };
	bool apart = false;

	cni_conf(c, NULL, &firewall_schema, &conf);
	if (conf.ingressPolicy &&
	    (str_eq(conf.ingressPolicy, "same-bridge") || str_eq(conf.ingressPolicy, "isolated")))
		apart = true;
	else if (conf.ingressPolicy && *conf.ingressPolicy && !str_eq(conf.ingressPolicy, "open"))
		cni_fail(CNI_BAD_CONFIG, "unknown ingress policy: '%s'", conf.ingressPolicy);
	decode_free(&firewall_schema, &conf);
	return apart;
}

void firewall_add(const struct call *c, struct result *r)
{
	_attachment_ struct attachment a = { 0 };
	_free_ char *link = NULL;

	if (!wants_apart(c))
		return;
	link = way_in(c);
	if (!link)
		cni_fail(CNI_BAD_CONFIG, "ingressPolicy needs a bridge");
	a = mark_attachment(c, r, link);
	if (mark_set(c, MARK_APART, &a))
		die("isolate bridge '%s'", link);
}

void firewall_del(const struct call *c, struct result *r _unused_)
{
	mark_clear(c, MARK_APART);
}

void firewall_check(const struct call *c, struct result *r _unused_)
{
	if (wants_apart(c) && mark_check(c, MARK_APART))
		diex("'%s' is not isolated", c->id);
}

void firewall_gc(const struct call *c, struct result *r _unused_)
{
	mark_gc(c, MARK_APART);
}
