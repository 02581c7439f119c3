/* host-local: addresses from ranges, kept as the reference plugin keeps them, so that either
 * finds what the other handed out: a file an address below DATADIR/NETWORK, holding the owner. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "netns/plugin.h"

enum { LEASE_MAX = 4096, RESOLV_MAX = 65536 };

struct ipam_conf {
	char *dataDir, *resolvConf;
};

static const struct field ipam_fields[] = {
	STR(struct ipam_conf, dataDir, 0),
	STR(struct ipam_conf, resolvConf, 0),
	END,
};
static const struct schema ipam_schema = { sizeof(struct ipam_conf), ipam_fields };

/* As the reference does. The lock is kept to the end, since closing it unlocks and a clean-up comes
 * here again; only another network's store takes its place. */
static void lock_store(int dirfd, const char *dir)
{
	static int lock = -1;
	static struct stat held;
	struct stat st;

	if (fstat(dirfd, &st))
		die("lock '%s'", dir);
	if (lock >= 0 && st.st_ino == held.st_ino && st.st_dev == held.st_dev)
		return;
	close_fd(&lock);
	held = st;
	lock = openat(dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (lock < 0)
		die("lock '%s'", dir);
	while (flock(lock, LOCK_EX)) {
		if (errno != EINTR)
			die("lock '%s'", dir);
	}
}

/* Open the network's store, and lock it. */
static int open_store(const struct call *c, bool make)
{
	struct ipam_conf conf = { 0 };
	_free_ char *dir = NULL;
	int fd;

	cni_conf(c, "ipam", &ipam_schema, &conf);
	dir = xasprintf("%s/%s",
			conf.dataDir && *conf.dataDir ? conf.dataDir : "/var/lib/cni/networks",
			c->name);
	decode_free(&ipam_schema, &conf);
	fd = make ? path_open_dir(dir, 0755) : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -1;
	if (fd < 0)
		die("open '%s'", dir);
	lock_store(fd, dir);
	return fd;
}

static void parse_ranges(const struct call *c, struct network *net)
{
	const struct json *ipam = json_get(c->conf, "ipam");
	char why[WHY_MAX];

	if (!ipam)
		cni_fail(CNI_BAD_CONFIG, "IPAM config missing 'ipam' key");
	if (network_parse_ipam(ipam, cni_runtime(c, "ipRanges"), net, why))
		cni_fail(CNI_BAD_CONFIG, "%s", why);
	/* Its results have a gateway always. */
	net->is_gateway = true;
}

typedef void lease_fn(void *arg, int dirfd, const char *address, const char *owner);
static void each_lease(int dirfd, lease_fn *fn, void *arg)
{
	_strv_ struct strv names = { 0 };

	names_of(dirfd, &names);
	for (size_t i = 0; i < names.n; i++) {
		_buf_ struct buf owner = { 0 };
		struct nl_addr a;

		if (addr_parse(names.v[i], &a))
			continue;
		if (!file_read_regular(dirfd, names.v[i], LEASE_MAX, &owner))
			fn(arg, dirfd, names.v[i], buf_str(&owner));
		else if (!state_is_absent() && errno != EFBIG)
			die("read lease '%s'", names.v[i]);
	}
}

/* "ID\r\nIFNAME"; before 0.7 of the reference it was "ID". */
static bool owner_is(const char *owner, const char *id, const char *ifname)
{
	size_t len = strcspn(owner, "\r\n");
	const char *rest = owner + len + strspn(owner + len, "\r\n");
	size_t rest_len = strcspn(rest, "\r\n \t");

	if (strlen(id) != len || strncmp(owner, id, len))
		return false;
	return !*rest || (strlen(ifname) == rest_len && !strncmp(rest, ifname, rest_len));
}

struct mine {
	const struct call *c;
	char *address;
};

static void find_mine(void *arg, int dirfd _unused_, const char *address, const char *owner)
{
	struct mine *m = arg;

	if (!m->address && owner_is(owner, m->c->id, m->c->ifname))
		m->address = xstrdup(address);
}

static void drop_mine(void *arg, int dirfd, const char *address, const char *owner)
{
	const struct call *c = arg;

	if (owner_is(owner, c->id, c->ifname) && unlinkat(dirfd, address, 0) && errno != ENOENT)
		die("release address '%s'", address);
}

/* Which of the addresses that were asked for is of this set? Taken off the list. */
static bool take_wanted(const struct pool *pool, struct strv *wanted, struct nl_addr *out)
{
	for (size_t i = 0; i < wanted->n; i++) {
		struct nl_addr a;

		if (!*wanted->v[i] || addr_parse(wanted->v[i], &a) || !lease_range(pool, &a))
			continue;
		*out = a;
		*wanted->v[i] = '\0';
		return true;
	}
	return false;
}

static void allocate(const struct call *c, int dirfd, const struct network *net, struct result *r)
{
	_free_ char *owner = xasprintf("%s\r\n%s", c->id, c->ifname);
	struct pool pool = { .dirfd = dirfd, .net = net, .files = true };
	_strv_ struct strv wanted = { 0 };

	cni_wanted_ips(c, &wanted);
	for (; pool.set < net->nsets; pool.set++) {
		struct nl_addr want, address, gateway = { 0 };
		bool here = take_wanted(&pool, &wanted, &want);
		struct ip ip = { 0 };

		if (lease_take(&pool, owner, here ? &want : NULL, &ip)) {
			if (errno == EADDRINUSE || errno == EADDRNOTAVAIL)
				cni_fail(CNI_OTHER,
					 here ? "requested address is not available in range set %u"
					      : "no IP addresses available in range set %u",
					 pool.set);
			die("allocate an address of '%s'", c->name);
		}
		cni_begin();
		if (addr_parse(ip.address, &address) ||
		    (ip.gateway && addr_parse(ip.gateway, &gateway)))
			abort();
		result_add_ip(r, &address, &gateway);
		free(ip.address);
		free(ip.gateway);
	}
	for (size_t i = 0; i < wanted.n; i++) {
		if (*wanted.v[i])
			cni_fail(CNI_OTHER, "requested IP '%s' is in none of the ranges",
				 wanted.v[i]);
	}
}

static void add_words(struct json *dns, const char *member, const char *line)
{
	_strv_ struct strv words = { 0 };
	struct json *list = json_make(dns, member, JSON_ARRAY);

	strv_split(&words, line, ' ');
	for (size_t i = 0; i < words.n; i++) {
		if (*words.v[i])
			json_append(list, json_new_str(words.v[i]));
	}
}

/* resolv.conf as CNI's dns. */
static struct json *read_resolv(const char *path)
{
	struct json *dns = json_new(JSON_OBJECT);
	_strv_ struct strv lines = { 0 };
	_buf_ struct buf text = { 0 };

	if (file_read_regular(AT_FDCWD, path, RESOLV_MAX, &text))
		die("read '%s'", path);
	for (char *p = text.data; p && *p; p++)
		*p = *p == '\t' ? ' ' : *p;
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *rest;

		if ((rest = str_after(lines.v[i], "nameserver ")))
			add_words(dns, "nameservers", rest);
		else if ((rest = str_after(lines.v[i], "domain ")))
			json_set(dns, "domain", json_new_str(rest + strspn(rest, " ")));
		else if ((rest = str_after(lines.v[i], "search ")))
			add_words(dns, "search", rest);
		else if ((rest = str_after(lines.v[i], "options ")))
			add_words(dns, "options", rest);
	}
	return dns;
}

void hostlocal_add(const struct call *c, struct result *r)
{
	_network_ struct network net = { 0 };
	struct ipam_conf conf = { 0 };
	struct mine mine = { c, NULL };
	char dst[ADDR_TEXT_MAX], gw[ADDR_TEXT_MAX];

	parse_ranges(c, &net);

	_close_ int dirfd = open_store(c, true);

	each_lease(dirfd, find_mine, &mine);
	if (mine.address)
		cni_fail(CNI_OTHER,
			 "'%s' has been allocated to %s, duplicate allocation is not allowed",
			 mine.address, c->id);
	allocate(c, dirfd, &net, r);
	for (size_t i = 0; i < net.nroutes; i++) {
		const struct route *t = &net.routes[i];

		result_add_route(r, addr_text(&t->dst, true, dst),
				 t->gateway.family ? addr_text(&t->gateway, false, gw) : NULL);
	}
	cni_conf(c, "ipam", &ipam_schema, &conf);
	if (conf.resolvConf && *conf.resolvConf)
		r->dns = read_resolv(conf.resolvConf);
	decode_free(&ipam_schema, &conf);
}

void hostlocal_del(const struct call *c, struct result *r _unused_)
{
	_close_ int dirfd = open_store(c, false);

	if (dirfd >= 0)
		each_lease(dirfd, drop_mine, (void *)(uintptr_t)c);
}

void hostlocal_check(const struct call *c, struct result *r _unused_)
{
	_close_ int dirfd = open_store(c, false);
	struct mine mine = { c, NULL };

	if (dirfd >= 0)
		each_lease(dirfd, find_mine, &mine);
	if (!mine.address)
		cni_fail(CNI_OTHER, "host-local: failed to find address added by container %s",
			 c->id);
	free(mine.address);
}

static void drop_invalid(void *arg, int dirfd, const char *address, const char *owner)
{
	const struct call *c = arg;
	size_t len = strcspn(owner, "\r\n");
	_free_ char *id = xmemdup0(owner, len);
	const char *ifname = owner + len + strspn(owner + len, "\r\n");
	_free_ char *name = xmemdup0(ifname, strcspn(ifname, "\r\n"));

	if (!cni_is_valid(c, id, *name ? name : NULL) && unlinkat(dirfd, address, 0) &&
	    errno != ENOENT)
		die("release address '%s'", address);
}

void hostlocal_gc(const struct call *c, struct result *r _unused_)
{
	_close_ int dirfd = open_store(c, false);

	if (dirfd >= 0)
		each_lease(dirfd, drop_invalid, (void *)(uintptr_t)c);
}

void hostlocal_status(const struct call *c, struct result *r _unused_)
{
	_network_ struct network net = { 0 };
	_close_ int dirfd = -1;

	parse_ranges(c, &net);
	cni_set_code(CNI_NOT_AVAILABLE);
	dirfd = open_store(c, true);
	cni_set_code(CNI_OTHER);
}
