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

	if (dirfd < 0 && errno != ENOENT)
		die("open record of network '%s'", a->network);
	if (dirfd >= 0 && a->named)
		resolver_drop(dirfd, space, a->ifName);
	for (size_t i = 0; dirfd >= 0 && i < a->nips; i++)
		lease_drop(dirfd, a->ips[i].address, owner);
}

static void take_back(const struct space *space, const struct attachment *a, struct host *host)
{
	relay_down(space->dirfd, a);
	table_unpublish(&host->nft, space->name, a);
}

/* Ports first, so that nothing new comes in; the addresses when nobody answers to them any more;
 * the record last. A link is only taken down: deleting it would wait for RCU, and the kernel does
 * it when the namespace ends. */
void detach(const struct space *space, const char *file, const struct attachment *a,
	    struct host *host)
{
	if (a->shaped)
		detach_shape(space, a);
	if (a->helper)
		rootless_stop(space->dirfd);
	else if (a->chain)
		detach_chain(space, a);
	else if (a->nports)
		take_back(space, a, host);
	if (a->hostName) {
		nl_link_down(&host->nl, a->hostName);
		if (nl_commit(&host->nl) && errno != ENODEV)
			die("%s", nl_what(&host->nl));
	}
	drop_leases(space->name, a);
	record_remove(space->dirfd, file);
}

void detach_fully(const struct space *space, const char *file, const struct attachment *a,
		  struct host *host)
{
	if (a->hostName) {
		nl_link_del(&host->nl, a->hostName);
		if (nl_commit(&host->nl) && errno != ENODEV)
			die("%s", nl_what(&host->nl));
	}
	detach(space, file, a, host);
}

struct work {
	struct space space;
	struct host host;
	bool unpublished;
};

/* Only what A needs: a socket that was never used need not be opened. */
static void open_sockets(struct work *w, const struct attachment *a)
{
	if (a->nports && !a->chain && !a->helper && w->host.nft.fd < 0)
		table_open(&w->host.nft);
	if (a->hostName && w->host.nl.fd < 0 && nl_open(&w->host.nl))
		die("open a netlink socket");
	w->unpublished = w->unpublished || (a->nports && !a->chain && !a->helper);
}

static void detach_one(void *arg, const char *file, const struct attachment *a)
{
	struct work *w = arg;

	open_sockets(w, a);
	detach(&w->space, file, a, &w->host);
}

void space_remove(const char *name, int space_dirfd, bool wait)
{
	struct work w = { { name, space_dirfd }, { .nl.fd = -1, .nft.fd = -1 }, false };
	bool alive = space_is_alive(space_dirfd, name);

	record_each(space_dirfd, detach_one, &w);
	/* Killed between lease and record: nothing but the lease itself knows. */
	if (!alive)
		lease_drop_space(name);
	nsfile_unbind(space_dirfd, name);
	if (path_remove_tree(state_spaces(), name))
		die("remove record of '%s'", name);
	if (w.unpublished && !wait)
		table_linger(&w.host.nft);
	host_close(&w.host);
}

/* Those ports of A that are not among OTHER's; the members stay A's. */
static struct ports ports_without(const struct attachment *a, const struct attachment *other)
{
	struct ports out = { xcalloc(a->nports + 1, sizeof(*out.v)), 0 };

	for (size_t i = 0; i < a->nports; i++) {
		if (!attachment_has_port(other, &a->ports[i]))
			out.v[out.n++] = a->ports[i];
	}
	return out;
}

/* A half done change of what goes on being there: only the difference goes. */
static void undo_change(struct work *w, const char *file, const struct attachment *a,
			const struct attachment *now)
{
	struct ports extra = ports_without(a, now);
	struct attachment gone = *a;

	gone.ports = extra.v;
	gone.nports = extra.n;
	if (extra.n)
		take_back(&w->space, &gone, &w->host);
	free(extra.v);
	record_remove(w->space.dirfd, file);
}

static void undo_intent(void *arg, const char *file, const struct attachment *a)
{
	struct work *w = arg;
	_attachment_ struct attachment now = { 0 };

	if (!record_is_intent(file))
		return;
	open_sockets(w, a);
	if (!record_read(w->space.dirfd, a->ifName, &now))
		undo_change(w, file, a, &now);
	else
		detach_fully(&w->space, file, a, &w->host);
}

void space_heal(const char *name, int space_dirfd)
{
	struct work w = { { name, space_dirfd }, { .nl.fd = -1, .nft.fd = -1 }, false };

	record_each(space_dirfd, undo_intent, &w);
	host_close(&w.host);
}
