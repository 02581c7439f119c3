#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "netns/netns.h"

static void drop_leases(const char *space, const struct attachment *a)
{
	_free_ char *owner = xasprintf("%s/%s", space, a->ifName);
	_close_ int dirfd = openat(state_networks(), a->network,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; dirfd >= 0 && i < a->nips; i++)
		lease_drop(dirfd, a->ips[i].address, owner);
}

/* Ports first, so that nothing new comes in; the addresses when nobody answers to them any more;
 * the record last. */
void detach(const char *space, int space_dirfd, const char *file, const struct attachment *a,
	    struct nl *host, struct nft *nft)
{
	if (a->nports)
		table_unpublish(nft, space, a);
	if (a->hostName) {
		nl_link_cut(host, a->hostName);
		if (nl_commit(host) && errno != ENODEV)
			die("%s", nl_what(host));
	}
	drop_leases(space, a);
	record_remove(space_dirfd, file);
}

struct work {
	const char *name;
	int dirfd;
	struct nl nl;
	struct nft nft;
	bool unpublished;
};

static void detach_one(void *arg, const char *file, const struct attachment *a)
{
	struct work *w = arg;

	if (a->nports && w->nft.fd < 0)
		table_open(&w->nft);
	if (a->hostName && w->nl.fd < 0 && nl_open(&w->nl))
		die("open a netlink socket");
	w->unpublished = w->unpublished || a->nports;
	detach(w->name, w->dirfd, file, a, &w->nl, &w->nft);
}

void space_remove(const char *name, int space_dirfd, bool wait)
{
	struct work w = { .name = name, .dirfd = space_dirfd, .nl.fd = -1, .nft.fd = -1 };
	bool whole = space_is_whole(space_dirfd, name);

	record_each(space_dirfd, detach_one, &w);
	/* Killed between lease and record: nothing but the lease itself knows. */
	if (!whole)
		lease_drop_space(name);
	nsfile_unbind(space_dirfd, name);
	if (path_remove_tree(state_spaces(), name))
		die("remove record of '%s'", name);
	if (w.unpublished && !wait)
		table_linger(&w.nft);
	nl_close(&w.nl);
	nft_close(&w.nft);
}
