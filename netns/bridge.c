#include <fcntl.h>
#include <linux/ip.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/path.h"
#include "netns/netns.h"

/* In a network's record: the bridge is of our making, and ours to delete. */
static const char made[] = "made";

struct overlap {
	const struct network *net;
	unsigned bridge; /* its own routes are none of another's; 0: not there yet */
	struct nl_addr with;
};

static int note_overlap(void *arg, const struct nl_addr *dst, unsigned ifindex)
{
	struct overlap *o = arg;
	bool other = dst->prefix && (!o->bridge || ifindex != o->bridge);

	for (size_t i = 0; other && i < o->net->nranges; i++) {
		if (addr_overlaps(dst, &o->net->ranges[i].subnet)) {
			o->with = *dst;
			return 1;
		}
	}
	return 0;
}

/* A subnet the host already reaches some other way would cut it off from there. */
static void check_overlap(const struct network *net, unsigned bridge, struct nl *nl)
{
	struct overlap o = { .net = net, .bridge = bridge };
	char text[ADDR_TEXT_MAX];
	int found = nl_route_each(nl, note_overlap, &o);

	if (found < 0)
		die("list routes");
	if (found)
		diex("network '%s': its addresses overlap the host's route to '%s'", net->name,
		     addr_text(&o.with, true, text));
}

static void make_bridge(int network_dirfd, const struct network *net, struct nl *nl)
{
	int fd = openat(network_dirfd, made, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	uint8_t mac[NL_MAC_BYTES];
	struct nl_link link = {
		.name = net->bridge, .kind = "bridge", .mac = mac, .mtu = net->mtu
	};

	if (fd < 0)
		die("record bridge '%s'", net->bridge);
	close(fd);
	/* With an address of its own the bridge does not take, and change, its ports'. */
	mac_random(mac);
	nl_link_add(nl, &link);
	if (nl_commit(nl))
		die("%s", nl_what(nl));
}

/* Host processes reach published ports by 127.0.0.1 only with route_localnet; what that would let
 * in from outside, the table's first rule drops. Up comes last: a bridge that is up is complete. */
static void configure_bridge(const struct network *net, struct nl *nl, unsigned ifindex)
{
	nl_link_conf4(nl, net->bridge, IPV4_DEVCONF_ROUTE_LOCALNET, 1);
	for (size_t i = 0; net->is_gateway && i < net->nranges; i++)
		nl_addr_add(nl, ifindex, &net->ranges[i].gateway);
	nl_link_up(nl, net->bridge);
	if (nl_commit(nl))
		die("%s of '%s'", nl_what(nl), net->bridge);
}

unsigned network_up(int network_dirfd, const struct network *net, struct host *host)
{
	struct nl *nl = &host->nl;
	struct nft *nft = &host->nft;
	unsigned ifindex = 0, flags = 0;
	bool there = !nl_link_look(nl, net->bridge, &ifindex, &flags);

	if (there && flags & IFF_UP && !faccessat(network_dirfd, "conflist", F_OK, 0)) {
		table_ensure(nft);
		return ifindex;
	}
	check_overlap(net, ifindex, nl);
	if (file_replace(network_dirfd, "conflist", 0644, net->text.data, net->text.len, false))
		die("record network '%s'", net->name);
	table_ensure(nft);
	table_add_network(nft, net);
	for (size_t i = 0; i < net->nranges; i++)
		forward_on(nft, net->ranges[i].subnet.family);
	if (!there)
		make_bridge(network_dirfd, net, nl);
	if (nl_link_look(nl, net->bridge, &ifindex, &flags))
		die("find link '%s'", net->bridge);
	configure_bridge(net, nl, ifindex);
	return ifindex;
}

void network_down_idle(const char *name)
{
	_network_ struct network net = { 0 };
	_close_ int dirfd = path_lock_dir(state_networks(), name, true, true);
	_host_ struct host host = { .nl.fd = -1, .nft.fd = -1 };

	if (dirfd < 0 || lease_any(dirfd))
		return;
	if (network_read_up(name, &net)) {
		/* Never came up, or its list is none; but what could not be read is there. */
		if (errno != ENOENT && errno != EINVAL)
			die("read network '%s'", name);
		network_forget(name);
		return;
	}
	resolver_down(dirfd, &net);
	host_open(&host);
	/* Who may not even look never came as far as making anything. */
	if (nft_has_table(&host.nft) < 0 && errno == EPERM) {
		network_forget(name);
		return;
	}
	table_ensure(&host.nft);
	table_del_network(&host.nft, &net);
	if (!faccessat(dirfd, made, F_OK, 0))
		nl_link_del(&host.nl, net.bridge);
	if (nl_commit(&host.nl) && errno != ENODEV)
		die("%s", nl_what(&host.nl));
	network_forget(name);
}
