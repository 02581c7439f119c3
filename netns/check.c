#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "netns/netns.h"

struct check {
	const char *space;
	int dirfd;
	struct host host;
	size_t troubles;
};

_printf_(2, 3) static void trouble(struct check *c, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	warnx("'%s': %s", c->space, text);
	c->troubles++;
}

static void check_link(struct check *c, const struct attachment *a)
{
	struct nl_found bridge = { 0 }, link = { 0 };

	if (nl_link_find(&c->host.nl, a->bridge, &bridge) || !(bridge.flags & IFF_UP))
		trouble(c, "bridge '%s' is not up", a->bridge);
	if (nl_link_find(&c->host.nl, a->hostName, &link) || !(link.flags & IFF_UP))
		trouble(c, "link '%s' is not up", a->hostName);
	else if (link.master != bridge.ifindex)
		trouble(c, "link '%s' is not on bridge '%s'", a->hostName, a->bridge);
}

static void check_ports(struct check *c, const struct attachment *a)
{
	char owner[NFT_COMMENT_BYTES];

	if (!nft_has_table(&c->host.nft)) {
		trouble(c, "the nf_tables table is gone");
		return;
	}
	for (size_t i = 0; i < a->nports; i++) {
		const struct port *p = &a->ports[i];

		if (relay_is_for(p))
			continue;
		if (!table_owner(&c->host.nft, p, AF_INET, owner) &&
		    !table_owner(&c->host.nft, p, AF_INET6, owner))
			trouble(c, "port %u/%s is not published", p->hostPort, p->protocol);
		else if (!str_eq(owner, c->space))
			trouble(c, "port %u/%s is published by '%s'", p->hostPort, p->protocol,
				owner);
	}
}

static void check_leases(struct check *c, const struct attachment *a)
{
	_free_ char *want = xasprintf("%s/%s", c->space, a->ifName);
	_close_ int dirfd = openat(state_networks(), a->network,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; i < a->nips; i++) {
		if (dirfd < 0 || !lease_is_of(dirfd, a->ips[i].address, want))
			trouble(c, "address '%s' is not leased", a->ips[i].address);
	}
}

static void check_one(void *arg, const char *file, const struct attachment *a)
{
	struct check *c = arg;

	if (a->chain && !record_is_intent(file))
		check_chain(c->space, a);
	if (a->helper && !record_is_intent(file) && !rootless_is_alive(c->dirfd))
		trouble(c, "%s is gone", a->network);
	if (record_is_intent(file) || !a->bridge)
		return;
	check_leases(c, a);
	check_link(c, a);
	check_ports(c, a);
	if (!relay_is_alive(c->dirfd, a))
		trouble(c, "a relay of [::1] is gone");
}

static bool repair;

static const struct opt opts[] = {
	{ 0, "repair", OPT_FLAG, &repair, NULL, "first build rules again that are gone" },
	{ 0 },
};

/* Elements that are missing; one that is there and ours is as it was. */
static void repair_one(void *arg, const char *file, const struct attachment *a)
{
	struct check *c = arg;

	if (record_is_intent(file) || a->chain || a->helper || !a->nports)
		return;
	table_put_ports(&c->host.nft, c->space, a);
	if (nft_commit(&c->host.nft) && errno != EEXIST)
		die("publish ports of '%s'", c->space);
	relay_up(c->dirfd, a);
}

static void check(struct check *c, const char *space)
{
	_close_ int dirfd = space_open(space);

	c->space = space;
	c->dirfd = dirfd;
	if (!space_is_alive(dirfd, space))
		trouble(c, "the namespace is not mounted");
	if (repair) {
		table_ensure(&c->host.nft);
		record_each(dirfd, repair_one, c);
	}
	record_each(dirfd, check_one, c);
}

int check_main(int argc, char **argv)
{
	const struct usage u = {
		"[--repair] NAME...",
		"Tell whether namespaces are as recorded: exit 0, or 1 and a line a trouble.", opts,
		0, NULL
	};
	int first = opt_parse(argc, argv, &u);
	struct check c = { .host = { .nl.fd = -1, .nft.fd = -1 } };

	opt_operands(argc - first, 1, -1);
	host_open(&c.host);
	for (argv += first; *argv; argv++)
		check(&c, *argv);
	host_close(&c.host);
	return c.troubles ? 1 : 0;
}
