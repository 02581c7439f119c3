#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "netns/netns.h"

enum { TRIES_MAX = 10 };

/* Bind PORT (0: any) of HOST for PROTOCOL. Returns the socket, or -1 and errno. Listening sockets
 * conflict, connections that only linger do not. */
static int try_bind(const struct nl_addr *host, int protocol, uint32_t port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool v6 = host->family == AF_INET6;
	int on = 1, type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	_close_ int fd = socket(v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -1;
	memcpy(&in6.sin6_addr, host->bytes, sizeof(in6.sin6_addr));
	memcpy(&in4.sin_addr, host->bytes, sizeof(in4.sin_addr));
	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, v6 ? (void *)&in6 : (void *)&in4, v6 ? sizeof(in6) : sizeof(in4)))
		return -1;
	return steal_fd(&fd);
}

static uint32_t bound_port(int fd)
{
	struct sockaddr_in6 any = { 0 };
	socklen_t len = sizeof(any);

	if (getsockname(fd, (void *)&any, &len))
		die("ask for a free port");
	return ntohs(any.sin6_port);
}

/* The families PORT is published for: that of the host's address, else IPv4, and IPv6 where the
 * network has it. */
static size_t host_addrs(const struct portspec *spec, bool with_ipv6, struct nl_addr host[2])
{
	host[0] = spec->host_ip;
	if (host[0].family)
		return 1;
	host[0] = (struct nl_addr){ .family = AF_INET };
	host[1] = (struct nl_addr){ .family = AF_INET6 };
	return with_ipv6 ? 2 : 1;
}

/* Has PORT no socket at all, by the kernel's own list? Only asked for ports of a range behind the
 * first, whose bind(2) has shown that the address is this host's. */
static bool is_unused(const struct portspec *spec, uint32_t port)
{
	static struct {
		uint8_t map[NL_PORT_MAP_BYTES];
		bool asked, known;
	} lists[2];
	int udp = str_eq(spec->protocol, "udp");

	if (port == spec->host_first || (!udp && !str_eq(spec->protocol, "tcp")))
		return false;
	if (!lists[udp].asked) {
		lists[udp].asked = true;
		lists[udp].known = !nl_ports_in_use(udp ? IPPROTO_UDP : IPPROTO_TCP,
						    lists[udp].map);
	}
	return lists[udp].known && !(lists[udp].map[port / 8] & 1 << port % 8);
}

/* Nobody listens there? A kernel without the protocol cannot have listeners. */
static bool is_free(const struct portspec *spec, bool with_ipv6, uint32_t port)
{
	struct nl_addr host[2];
	size_t n = host_addrs(spec, with_ipv6, host);

	if (is_unused(spec, port))
		return true;
	for (size_t i = 0; i < n; i++) {
		_close_ int fd = try_bind(&host[i], protocol_number(spec->protocol), port);

		if (fd < 0 && errno != EPROTONOSUPPORT && errno != EAFNOSUPPORT)
			return false;
	}
	return true;
}

bool port_is_bound(const struct port *p)
{
	struct nl_addr host = { .family = AF_INET };
	_close_ int fd = -1;

	if (*p->hostIP && addr_parse(p->hostIP, &host))
		return false;
	fd = try_bind(&host, protocol_number(p->protocol), p->hostPort);
	return fd < 0 && errno == EADDRINUSE;
}

static void add_port(struct ports *ports, const struct portspec *spec, uint32_t host,
		     uint32_t container)
{
	char ip[ADDR_TEXT_MAX] = "";

	if (ports->n == PORTS_MAX)
		diex("more than %d ports", PORTS_MAX);
	if (spec->host_ip.family)
		addr_text(&spec->host_ip, false, ip);
	ports->v = xreallocarray(ports->v, ports->n + 1, sizeof(*ports->v));
	ports->v[ports->n++] = (struct port){ xstrdup(ip), host, container,
					      xstrdup(spec->protocol) };
}

/* Does another container, or another port of this one, have it? */
static bool is_published(struct nft *nft, const struct ports *ports, const struct portspec *spec,
			 uint32_t port)
{
	char ip[ADDR_TEXT_MAX] = "", owner[NFT_COMMENT_BYTES], protocol[PROTOCOL_MAX];
	struct port p = { ip, port, 0, protocol };

	memcpy(protocol, spec->protocol, sizeof(protocol));
	if (spec->host_ip.family)
		addr_text(&spec->host_ip, false, ip);
	for (size_t i = 0; i < ports->n; i++) {
		if (ports->v[i].hostPort == port && str_eq(ports->v[i].protocol, protocol) &&
		    str_eq(ports->v[i].hostIP, ip))
			return true;
	}
	if (nft->fd < 0)
		return false;
	return table_owner(nft, &p, AF_INET, owner) || table_owner(nft, &p, AF_INET6, owner);
}

/* The kernel knows which ports it may hand out; it is asked until all agree. */
static uint32_t random_port(struct nft *nft, const struct ports *ports, const struct portspec *spec,
			    bool with_ipv6)
{
	struct nl_addr host[2];
	int held[TRIES_MAX];
	uint32_t port = 0;
	int n;

	host_addrs(spec, with_ipv6, host);
	for (n = 0; n < TRIES_MAX && !port; n++) {
		held[n] = try_bind(&host[0],
				   str_eq(spec->protocol, "udp") ? IPPROTO_UDP : IPPROTO_TCP, 0);
		if (held[n] < 0)
			die("find a free port");
		port = bound_port(held[n]);
		if (is_published(nft, ports, spec, port))
			port = 0;
	}
	while (n-- > 0)
		close(held[n]);
	if (!port || !is_free(spec, with_ipv6, port))
		diex("no free port found");
	return port;
}

/* The first free port of the host's range. */
static uint32_t first_free(struct nft *nft, const struct ports *ports, const struct portspec *spec,
			   bool with_ipv6)
{
	for (uint32_t port = spec->host_first; port <= spec->host_last; port++) {
		if (!is_published(nft, ports, spec, port) && is_free(spec, with_ipv6, port))
			return port;
	}
	diex("no free port from %u to %u", spec->host_first, spec->host_last);
}

static void choose(struct nft *nft, const struct portspec *spec, bool with_ipv6,
		   struct ports *ports)
{
	bool offer = spec->host_first != spec->host_last && spec->first == spec->last;

	for (uint32_t port = spec->first; port <= spec->last; port++) {
		uint32_t host = spec->host_first + (port - spec->first);

		if (!spec->host_first) {
			host = random_port(nft, ports, spec, with_ipv6);
		} else if (offer) {
			host = first_free(nft, ports, spec, with_ipv6);
		} else if (!is_free(spec, with_ipv6, host)) {
			die("publish port '%u/%s'", host, spec->protocol);
		}
		add_port(ports, spec, host, port);
	}
}

/* Relayed, to the container's IPv4 as well. */
static bool is_loopback6(const struct nl_addr *a)
{
	return !memcmp(a->bytes, &in6addr_loopback, sizeof(in6addr_loopback));
}

void ports_choose(struct nft *nft, char *const *specs, bool with_ipv6, struct ports *ports)
{
	char why[WHY_MAX];

	for (; specs && *specs; specs++) {
		struct portspec spec;

		if (portspec_parse(*specs, &spec, why))
			diex("bad port '%s': %s", *specs, why);
		if (spec.host_ip.family == AF_INET6 && !with_ipv6 && !is_loopback6(&spec.host_ip))
			diex("publish port '%s': the network has no IPv6", *specs);
		choose(nft, &spec, with_ipv6, ports);
	}
}

void ports_refused(struct nft *nft, const struct attachment *a)
{
	static const int families[] = { AF_INET, AF_INET6 };
	char owner[NFT_COMMENT_BYTES];

	for (size_t i = 0; i < a->nports; i++) {
		for (size_t j = 0; j < ARRAY_LEN(families); j++) {
			if (table_owner(nft, &a->ports[i], families[j], owner))
				diex("publish port '%u/%s': already published by '%s'",
				     a->ports[i].hostPort, a->ports[i].protocol, owner);
		}
	}
	diex("publish ports: one of them is given twice");
}
