#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "netns/netns.h"

/* Enough for any IPv4 network; a larger IPv6 one is never that full. */
enum { TRIES_MAX = 1 << 17 };

int lease_parse(const char *owner, char space[256], char ifname[IF_NAMESIZE])
{
	const char *slash = strchr(owner, '/');
	size_t len = slash ? (size_t)(slash - owner) : 0;

	if (!len || len > 255 || strlen(slash + 1) >= IF_NAMESIZE)
		return set_errno(EINVAL);
	memcpy(space, owner, len);
	space[len] = '\0';
	snprintf(ifname, IF_NAMESIZE, "%s", slash + 1);
	return str_is_name(space) && str_is_name(ifname) ? 0 : set_errno(EINVAL);
}

static int read_owner(int network_dirfd, const char *address, char owner[OWNER_MAX])
{
	ssize_t len = readlinkat(network_dirfd, address, owner, OWNER_MAX - 1);

	if (len < 0)
		return -1;
	owner[len] = '\0';
	return 0;
}

const struct range *lease_range(const struct pool *pool, const struct nl_addr *a)
{
	for (size_t i = 0; i < pool->net->nranges; i++) {
		const struct range *r = &pool->net->ranges[i];

		if (r->set == pool->set && addr_within(a, &r->subnet))
			return r;
	}
	return NULL;
}

/* The address to try behind A: the next of its range, else the first of the set's next range. */
static struct nl_addr next_address(const struct pool *pool, const struct nl_addr *a)
{
	const struct network *net = pool->net;
	const struct range *r = lease_range(pool, a);
	size_t i = r ? (size_t)(r - net->ranges) : net->nranges - 1;

	if (r && addr_compare(a, &r->first) < 0)
		return r->first;
	if (r && addr_compare(a, &r->last) < 0)
		return addr_step(a, 1);
	do
		i = (i + 1) % net->nranges;
	while (net->ranges[i].set != pool->set);
	return net->ranges[i].first;
}

/* The file that remembers which address of the set was handed out last. */
static const char *last_file(const struct pool *pool, char name[32])
{
	snprintf(name, 32, pool->files ? "last_reserved_ip.%u" : "last.%u", pool->set);
	return name;
}

/* Where the search starts: behind the last one, so that an address just given back rests a while.
 */
static struct nl_addr start_address(const struct pool *pool)
{
	char name[32];
	_free_ char *last = file_read_line_regular(pool->dirfd, last_file(pool, name));
	struct nl_addr a = { 0 };

	if (!last || addr_parse(last, &a))
		a.family = 0;
	return next_address(pool, &a);
}

/* The gateway's, or somebody's the network's owner knows of. */
static bool is_reserved(const struct network *net, const struct nl_addr *a)
{
	for (size_t i = 0; i < net->nexcluded; i++) {
		if (addr_equal(a, &net->excluded[i]))
			return true;
	}
	for (size_t i = 0; i < net->nranges; i++) {
		if (addr_equal(a, &net->ranges[i].gateway))
			return true;
	}
	return false;
}

/* Either way an address appears with its owner: a symbolic link is made whole, a file is written
 * under a name that is nobody's and linked. */
static int make_lease(const struct pool *pool, const char *owner, const char *address)
{
	static const char draft[] = ".lease";
	int bad;

	if (!pool->files)
		return symlinkat(owner, pool->dirfd, address);
	if (!faccessat(pool->dirfd, address, F_OK, 0))
		return set_errno(EEXIST);
	if (file_replace(pool->dirfd, draft, 0644, owner, strlen(owner), false))
		return -1;
	bad = linkat(pool->dirfd, draft, pool->dirfd, address, 0);
	return unlinkat(pool->dirfd, draft, 0) || bad ? -1 : 0;
}

static int claim(const struct pool *pool, const char *owner, const struct nl_addr *a, struct ip *ip)
{
	const struct range *r = lease_range(pool, a);
	struct nl_addr full = *a;
	char text[ADDR_TEXT_MAX];

	if (make_lease(pool, owner, addr_text(a, false, text)))
		return -1;
	full.prefix = r->subnet.prefix;
	ip->address = xstrdup(addr_text(&full, true, text));
	ip->gateway = pool->net->is_gateway ? xstrdup(addr_text(&r->gateway, false, text)) : NULL;
	return 0;
}

/* What an address leads to may be remembered by others only if it was handed out before: when it
 * was asked for, ever since, and once the search has begun anew. */
static const char recycled[] = "recycled";

static int note_recycling(int network_dirfd)
{
	return lease_are_recycled(network_dirfd) ? 0 : file_put_line(network_dirfd, recycled, "");
}

bool lease_are_recycled(int network_dirfd)
{
	return !faccessat(network_dirfd, recycled, F_OK, 0);
}

/* The addresses rise, but for the one step back to where they begin; ranges that do not rise have
 * one, too. */
static int note_last(const struct pool *pool, const struct nl_addr *a)
{
	char name[32], text[ADDR_TEXT_MAX];
	_free_ char *before = file_read_line_regular(pool->dirfd, last_file(pool, name));
	struct nl_addr last;

	if (!pool->files && before && !addr_parse(before, &last) && addr_compare(a, &last) <= 0 &&
	    note_recycling(pool->dirfd))
		return -1;
	return file_put_line(pool->dirfd, name, addr_text(a, false, text));
}

static int take_wanted(const struct pool *pool, const char *owner, const struct nl_addr *wanted,
		       struct ip *ip)
{
	const struct range *r = lease_range(pool, wanted);
	struct nl_addr highest = r ? addr_highest(&r->subnet) : *wanted;

	if (!r || is_reserved(pool->net, wanted) || addr_equal(wanted, &r->subnet) ||
	    (wanted->family == AF_INET && addr_equal(wanted, &highest)))
		return set_errno(EADDRNOTAVAIL);
	if (!pool->files && note_recycling(pool->dirfd))
		return -1;
	if (claim(pool, owner, wanted, ip))
		return set_errno(errno == EEXIST ? EADDRINUSE : errno);
	return 0;
}

int lease_take(const struct pool *pool, const char *owner, const struct nl_addr *wanted,
	       struct ip *ip)
{
	struct nl_addr a, first;

	if (wanted)
		return take_wanted(pool, owner, wanted, ip);
	a = first = start_address(pool);
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		bool candidate = !is_reserved(pool->net, &a);

		if (candidate && !claim(pool, owner, &a, ip))
			return note_last(pool, &a);
		if (candidate && errno != EEXIST)
			return -1;
		a = next_address(pool, &a);
		if (addr_equal(&a, &first))
			break;
	}
	return set_errno(EADDRNOTAVAIL);
}

bool lease_is_of(int network_dirfd, const char *address, const char *owner)
{
	_free_ char *name = xmemdup0(address, strcspn(address, "/"));
	char have[OWNER_MAX];

	return !read_owner(network_dirfd, name, have) && str_eq(have, owner);
}

static void drop(int network_dirfd, const char *address)
{
	if (unlinkat(network_dirfd, address, 0) && errno != ENOENT)
		die("give back address '%s'", address);
}

void lease_drop(int network_dirfd, const char *address, const char *owner)
{
	_free_ char *name = xmemdup0(address, strcspn(address, "/"));
	char have[OWNER_MAX];

	if (read_owner(network_dirfd, name, have)) {
		if (errno != ENOENT && errno != EINVAL)
			die("look up lease '%s'", name);
		return;
	}
	if (str_eq(have, owner))
		drop(network_dirfd, name);
}

/* Call FN for every lease of the network. */
typedef void lease_fn(void *arg, int network_dirfd, const char *address, const char *owner);
static void each_lease(int network_dirfd, lease_fn *fn, void *arg)
{
	_strv_ struct strv names = { 0 };
	char owner[OWNER_MAX];

	names_of(network_dirfd, &names);
	for (size_t i = 0; i < names.n; i++) {
		if (!read_owner(network_dirfd, names.v[i], owner))
			fn(arg, network_dirfd, names.v[i], owner);
		else if (errno != ENOENT && errno != EINVAL)
			die("look up lease '%s'", names.v[i]);
	}
}

static void count(void *arg, int network_dirfd _unused_, const char *address _unused_,
		  const char *owner _unused_)
{
	*(bool *)arg = true;
}

bool lease_any(int network_dirfd)
{
	bool any = false;

	each_lease(network_dirfd, count, &any);
	return any;
}

static void drop_if_of(void *arg, int network_dirfd, const char *address, const char *owner)
{
	char space[256], ifname[IF_NAMESIZE];

	if (!lease_parse(owner, space, ifname) && str_eq(space, arg))
		drop(network_dirfd, address);
}

static void each_network(lease_fn *fn, void *arg)
{
	_strv_ struct strv networks = { 0 };

	names_of(state_networks(), &networks);
	for (size_t i = 0; i < networks.n; i++) {
		_close_ int dirfd = openat(state_networks(), networks.v[i],
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (dirfd >= 0)
			each_lease(dirfd, fn, arg);
		else if (!state_is_absent())
			die("open record of network '%s'", networks.v[i]);
	}
}

void lease_drop_space(const char *space)
{
	each_network(drop_if_of, (void *)(uintptr_t)space);
}

struct mention {
	const char *address;
	bool found;
};

static void find_mention(void *arg, const char *file _unused_, const struct attachment *a)
{
	struct mention *m = arg;
	size_t len = strlen(m->address);

	for (size_t i = 0; i < a->nips; i++) {
		if (!strncmp(a->ips[i].address, m->address, len) && a->ips[i].address[len] == '/')
			m->found = true;
	}
}

/* A lease without a space is an orphan: spaces are made before their leases and removed after them.
 * In a space that nobody is working on, so is one that no record mentions. */
static void drop_if_orphan(void *arg _unused_, int network_dirfd, const char *address,
			   const char *owner)
{
	char space[256], ifname[IF_NAMESIZE];
	struct mention m = { address, false };

	if (lease_parse(owner, space, ifname)) {
		drop(network_dirfd, address);
		return;
	}

	_close_ int dirfd = space_lock(space, true);

	if (dirfd < 0 && errno != ENOENT)
		return;
	if (dirfd >= 0)
		record_each(dirfd, find_mention, &m);
	if (!m.found)
		lease_drop(network_dirfd, address, owner);
}

void lease_sweep(void)
{
	each_network(drop_if_orphan, NULL);
}
