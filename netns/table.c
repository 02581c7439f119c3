#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/die.h"
#include "lib/sys.h"
#include "netns/netns.h"

void table_open(struct nft *nft)
{
	if (nft_open(nft, sys_dir("LASH_NFT_TABLE", "lash")))
		die("open a netlink socket");
}

struct nft_elem table_name_elem(const char *set, const char *first, const char *second)
{
	struct nft_elem e = { .set = set, .key_bytes = second ? 32 : 16 };

	memcpy(e.key, first, strnlen(first, 15));
	if (second)
		memcpy(e.key + 16, second, strnlen(second, 15));
	return e;
}

/* An interval is two elements: where it starts, and where what is outside it starts. */
void table_put_subnet(struct nft *nft, const char *set4, const char *set6,
		      const struct nl_addr *subnet, table_put_fn *put)
{
	struct nft_elem e = { .set = subnet->family == AF_INET ? set4 : set6,
			      .key_bytes = addr_bytes(subnet) };
	struct nl_addr highest = addr_highest(subnet), beyond = addr_step(&highest, 1);

	memcpy(e.key, subnet->bytes, e.key_bytes);
	put(nft, &e);
	e.flags = NFT_SET_ELEM_INTERVAL_END;
	memcpy(e.key, beyond.bytes, e.key_bytes);
	put(nft, &e);
}

static bool subnet_seen(const struct network *net, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (addr_equal(&net->ranges[i].subnet, &net->ranges[j].subnet))
			return true;
	}
	return false;
}

/* The elements that stand for a network, into the batch. */
static void put_network(struct nft *nft, const struct network *net, table_put_fn *put)
{
	struct nft_elem bridge = table_name_elem("br", net->bridge, NULL);
	struct nft_elem pair = table_name_elem("icc", net->bridge, net->bridge);
	struct nft_elem internal = table_name_elem("internal", net->bridge, NULL);

	struct nft_elem unguarded = table_name_elem("unguarded", net->bridge, NULL);
	struct nft_elem routed = table_name_elem("routed", net->bridge, NULL);

	put(nft, &bridge);
	if (net->unguarded)
		put(nft, &unguarded);
	if (net->routed)
		put(nft, &routed);
	if (!net->isolated)
		put(nft, &pair);
	if (!net->is_gateway)
		put(nft, &internal);
	for (size_t i = 0; net->masquerade && i < net->nranges; i++) {
		if (!subnet_seen(net, i))
			table_put_subnet(nft, "masq4", "masq6", &net->ranges[i].subnet, put);
	}
}

void table_add_network(struct nft *nft, const struct network *net)
{
	put_network(nft, net, nft_add_elem);
	if (nft_commit(nft))
		die("add rules of network '%s'", net->name);
}

void table_del_network(struct nft *nft, const struct network *net)
{
	put_network(nft, net, nft_del_elem);
	/* Half of it may never have been there; then it goes bit by bit. */
	if (nft_commit(nft) && errno != ENOENT)
		die("remove rules of network '%s'", net->name);
}

static uint8_t *put_port(uint8_t *at, uint32_t port)
{
	at[0] = port >> 8;
	at[1] = port;
	return at + 4;
}

/* Where a packet to PORT of the host goes: to the map element that stands for it at hosts of
 * FAMILY. */
static struct nft_elem port_key(const struct port *port, int family)
{
	bool v6 = family == AF_INET6;
	struct nft_elem e = { 0 };
	struct nl_addr host = { 0 };
	uint8_t *at = e.key;

	if (addr_parse(port->hostIP, &host) || addr_is_any(&host)) {
		e.set = v6 ? "pub6" : "pub4";
	} else {
		e.set = v6 ? "pubip6" : "pubip4";
		memcpy(at, host.bytes, addr_bytes(&host));
		at += addr_bytes(&host);
	}
	*at = protocol_number(port->protocol);
	at = put_port(at + 4, port->hostPort);
	e.key_bytes = at - e.key;
	return e;
}

/* The container's own address and port, let through. */
static struct nft_elem door_elem(const struct nl_addr *to, const struct port *port)
{
	struct nft_elem e = { .set = to->family == AF_INET ? "door4" : "door6" };
	uint8_t *at = e.key + addr_bytes(to);

	memcpy(e.key, to->bytes, addr_bytes(to));
	*at = protocol_number(port->protocol);
	at = put_port(at + 4, port->containerPort);
	e.key_bytes = at - e.key;
	return e;
}

static bool port_has_family(const struct port *port, int family)
{
	struct nl_addr host;

	return addr_parse(port->hostIP, &host) || host.family == family;
}

/* The elements of one published port: to A's first address of each family. Returns how many. */
static size_t port_elems(const char *space, const struct attachment *a, const struct port *port,
			 struct nft_elem e[2])
{
	size_t n = 0;

	if (relay_is_for(port))
		return 0;
	for (size_t i = 0; i < a->nips && n < 2; i++) {
		struct nl_addr to;
		uint8_t *at;

		if (addr_parse(a->ips[i].address, &to))
			continue;
		if (a->routed) {
			e[n] = door_elem(&to, port);
			snprintf(e[n++].comment, sizeof(e->comment), "%s", space);
			continue;
		}
		if (!port_has_family(port, to.family))
			continue;
		e[n] = port_key(port, to.family);
		if (n && str_eq(e[0].set, e[1].set))
			continue;
		memcpy(e[n].data, to.bytes, addr_bytes(&to));
		at = put_port(e[n].data + addr_bytes(&to), port->containerPort);
		e[n].data_bytes = at - e[n].data;
		snprintf(e[n].comment, sizeof(e[n].comment), "%s", space);
		n++;
	}
	return n;
}

bool table_mentions(const char *space, const struct attachment *a, const struct nft_elem *elem)
{
	struct nft_elem e[2];

	for (size_t i = 0; i < a->nports; i++) {
		size_t n = port_elems(space, a, &a->ports[i], e);

		for (size_t j = 0; j < n; j++) {
			if (str_eq(e[j].set, elem->set) && e[j].key_bytes == elem->key_bytes &&
			    !memcmp(e[j].key, elem->key, elem->key_bytes))
				return true;
		}
	}
	return false;
}

void table_each_port(struct nft *nft, const char *space, const struct attachment *a,
		     table_put_fn *put)
{
	struct nft_elem e[2];

	for (size_t i = 0; i < a->nports; i++) {
		size_t n = port_elems(space, a, &a->ports[i], e);

		for (size_t j = 0; j < n; j++)
			put(nft, &e[j]);
	}
}

void table_put_network(struct nft *nft, const struct network *net)
{
	put_network(nft, net, nft_add_elem);
}

void table_put_ports(struct nft *nft, const char *space, const struct attachment *a)
{
	table_each_port(nft, space, a, nft_add_elem);
}

struct forget {
	const struct attachment *a;
	const char *protocol;
	struct nl_addr addr;
	bool ours_only; /* flows the rules sent to ADDR; else all to these ports */
};

static bool is_flow_of(void *arg, const struct nft_flow *flow)
{
	const struct forget *f = arg;
	size_t len = addr_bytes(&f->addr);

	if (f->ours_only &&
	    (memcmp(flow->by, f->addr.bytes, len) || !memcmp(flow->to, flow->by, len)))
		return false;
	for (size_t i = 0; i < f->a->nports; i++) {
		if (f->a->ports[i].hostPort == flow->port &&
		    str_eq(f->a->ports[i].protocol, f->protocol))
			return true;
	}
	return false;
}

static bool has_protocol(const struct attachment *a, const char *protocol)
{
	for (size_t i = 0; i < a->nports; i++) {
		if (str_eq(a->ports[i].protocol, protocol))
			return true;
	}
	return false;
}

static void forget(struct nft *nft, const struct attachment *a, const char *protocol,
		   bool ours_only)
{
	struct forget f = { .a = a, .protocol = protocol, .ours_only = ours_only };

	for (size_t i = 0; has_protocol(a, protocol) && i < a->nips; i++) {
		if (addr_parse(a->ips[i].address, &f.addr))
			continue;
		if (nft_forget_flows(nft, f.addr.family, protocol_number(protocol), is_flow_of, &f))
			warn("forget tracked flows of '%s'", a->ifName);
	}
}

/* A UDP client that goes on talking keeps its flow alive, and with it where the rules sent it
 * before. */
void table_forget_udp(struct nft *nft, const struct attachment *a)
{
	forget(nft, a, "udp", false);
}

/* What goes on through a port that is no longer published ends. */
void table_forget_flows(struct nft *nft, const struct attachment *a)
{
	table_forget_udp(nft, a);
	forget(nft, a, "tcp", true);
	forget(nft, a, "sctp", true);
}

int table_publish(struct nft *nft, const char *space, const struct attachment *a)
{
	table_each_port(nft, space, a, nft_add_elem_excl);
	if (nft_commit(nft))
		return -1;
	table_forget_udp(nft, a);
	return 0;
}

bool table_owner(struct nft *nft, const struct port *port, int family,
		 char space[NFT_COMMENT_BYTES])
{
	struct nft_elem e = port_key(port, family);

	if (!port_has_family(port, family))
		return false;
	if (nft_get_elem(nft, &e)) {
		if (errno != ENOENT)
			die("look up port %u", port->hostPort);
		return false;
	}
	memcpy(space, e.comment, NFT_COMMENT_BYTES);
	return true;
}

/* The kernel would delete by key alone, whoever has the port by now. */
void table_del_owned(struct nft *nft, const struct nft_elem *e)
{
	struct nft_elem now = *e;

	if (nft_get_elem(nft, &now)) {
		if (errno != ENOENT)
			die("look up what '%s' publishes", e->comment);
		return;
	}
	if (str_eq(now.comment, e->comment))
		nft_del_elem(nft, e);
}

void table_unpublish(struct nft *nft, const char *space, const struct attachment *a)
{
	table_each_port(nft, space, a, table_del_owned);
	/* ENOENT: somebody flushed the table in between. */
	if (nft_commit(nft) && errno != ENOENT)
		die("unpublish ports of '%s'", space);
	table_forget_udp(nft, a);
}
