#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "netns/netns.h"

static const char *ifname = "eth0";

static const struct opt opts[] = {
	{ 0, "ifname", OPT_STR, &ifname, "NAME", "interface whose ports they are (eth0)" },
	{ 0 },
};

/* Does SPEC, as it was given to publish or with the port that was chosen, mean PORT? */
static bool means(const struct portspec *spec, const struct port *port)
{
	char ip[ADDR_TEXT_MAX] = "";

	if (spec->host_ip.family)
		addr_text(&spec->host_ip, false, ip);
	return port->containerPort >= spec->first && port->containerPort <= spec->last &&
	       str_eq(spec->protocol, port->protocol) && (!*ip || str_eq(ip, port->hostIP)) &&
	       (!spec->host_first ||
		(port->hostPort >= spec->host_first && port->hostPort <= spec->host_last));
}

static bool any_means(char *const *specs, const struct port *port)
{
	char why[WHY_MAX];

	for (; *specs; specs++) {
		struct portspec spec;

		if (portspec_parse(*specs, &spec, why))
			diex("bad port '%s': %s", *specs, why);
		if (means(&spec, port))
			return true;
	}
	return false;
}

/* The record first: killed in between, the ports are nobody's, and gc takes them back. */
static void unpublish(const char *space, int space_dirfd, struct attachment *now,
		      char *const *specs)
{
	_nft_ struct nft nft = { .fd = -1 };
	struct attachment kept = *now, gone = *now;

	kept.ports = xcalloc(now->nports + 1, sizeof(*kept.ports));
	gone.ports = xcalloc(now->nports + 1, sizeof(*gone.ports));
	kept.nports = gone.nports = 0;
	for (size_t i = 0; i < now->nports; i++) {
		if (any_means(specs, &now->ports[i]))
			gone.ports[gone.nports++] = now->ports[i];
		else
			kept.ports[kept.nports++] = now->ports[i];
	}
	if (gone.nports) {
		record_intend(space_dirfd, &kept);
		record_commit(space_dirfd, now->ifName);
		relay_down(space_dirfd, &gone);
		table_open(&nft);
		table_unpublish(&nft, space, &gone);
		/* Its connections go on otherwise; where the link goes too they end by themselves.
		 */
		table_forget_flows(&nft, &gone);
		table_linger(&nft);
	}
	free(kept.ports);
	free(gone.ports);
}

int unpublish_main(int argc, char **argv)
{
	const struct usage u = {
		"[OPTION]... NAME PORT...",
		"Take published ports back; those that are not published are no error.", opts, 0,
		NULL
	};
	int first = opt_parse(argc, argv, &u);
	_attachment_ struct attachment now = { 0 };

	opt_operands(argc - first, 2, -1);

	_close_ int dirfd = space_open(argv[first]);

	if (record_read(dirfd, ifname, &now))
		diex("namespace '%s' has no interface '%s'", argv[first], ifname);
	unpublish(argv[first], dirfd, &now, argv + first + 1);
	return 0;
}
