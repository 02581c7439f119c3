/* tuning: sysctls of the namespace, and settings of its interface. */
#include <fcntl.h>
#include <linux/if_link.h>
#include <regex.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "netns/plugin.h"

enum { ALLOWLIST_MAX = 65536 };

static const char allowlist[] = "/etc/cni/tuning/allowlist.conf";

struct conf {
	struct decode_map sysctl;
	char *mac;
	bool promisc, allmulti;
	uint32_t mtu, txQLen;
};

static const struct field fields[] = {
	MAP(struct conf, sysctl, 0),
	STR(struct conf, mac, 0),
	BOOL(struct conf, promisc),
	BOOL(struct conf, allmulti),
	U32(struct conf, mtu, 0),
	U32(struct conf, txQLen, 0),
	END,
};
static const struct schema schema = { sizeof(struct conf), fields };

static bool line_allows(const char *line, const char *key)
{
	regex_t re;
	bool match;

	if (!*line || regcomp(&re, line, REG_EXTENDED | REG_NOSUB))
		return false;
	match = !regexec(&re, key, 0, NULL, 0);
	regfree(&re);
	return match;
}

/* The administrator's list of expressions, where there is one. */
static void check_allowed(const char *key)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };

	if (file_read_regular(AT_FDCWD, allowlist, ALLOWLIST_MAX, &text)) {
		if (errno == ENOENT)
			return;
		die("read '%s'", allowlist);
	}
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		if (line_allows(lines.v[i], key))
			return;
	}
	cni_fail(CNI_BAD_CONFIG, "sysctl '%s' is not allowed by '%s'", key, allowlist);
}

/* "net.ipv4.conf.IFNAME.arp_filter" or with slashes, as a file of /proc/sys. Only what is the
 * namespace's own. */
static char *sysctl_path(const struct call *c, const char *key)
{
	_buf_ struct buf path = { 0 };
	bool slashes = strchr(key, '/');
	_strv_ struct strv parts = { 0 };

	strv_split(&parts, key, slashes ? '/' : '.');
	buf_adds(&path, "/proc/sys");
	for (size_t i = 0; i < parts.n; i++) {
		const char *part = str_eq(parts.v[i], "IFNAME") ? c->ifname : parts.v[i];

		if (!*part || str_eq(part, ".") || str_eq(part, ".."))
			cni_fail(CNI_BAD_CONFIG, "sysctl: not a key: '%s'", key);
		buf_addf(&path, "/%s", part);
	}
	if (!str_starts(buf_str(&path), "/proc/sys/net/"))
		cni_fail(CNI_BAD_CONFIG, "sysctl '%s': only those of net are a namespace's own",
			 key);
	return buf_steal(&path);
}

struct sysctl {
	const char *path;
	const char *put; /* NULL: read it into GOT */
	char *got;
};

static int use_sysctl(void *arg)
{
	struct sysctl *s = arg;

	if (s->put)
		return file_poke(AT_FDCWD, s->path, s->put);
	s->got = file_read_line_regular(AT_FDCWD, s->path);
	return s->got ? 0 : -1;
}

static void put_sysctls(const struct call *c, const struct decode_map *map)
{
	for (size_t i = 0; i < map->n; i++) {
		_free_ char *path = sysctl_path(c, map->v[i].key);

		check_allowed(map->v[i].key);
		struct sysctl one = { path, map->v[i].value, NULL };

		if (nsfile_visit(c->netns_fd, use_sysctl, &one))
			die("set sysctl '%s'", map->v[i].key);
	}
}

static void put_link(const struct call *c, const struct conf *conf, const char *mac,
		     struct result *r)
{
	_nl_ struct nl nl = { .fd = -1 };
	uint8_t bytes[NL_MAC_BYTES];

	inside_open(c, &nl);
	if (mac) {
		mac_parse(mac, bytes);
		nl_link_set_mac(&nl, c->ifname, bytes);
	}
	if (conf->promisc)
		nl_link_set_flags(&nl, c->ifname, IFF_PROMISC, true);
	if (conf->allmulti)
		nl_link_set_flags(&nl, c->ifname, IFF_ALLMULTI, true);
	if (conf->mtu)
		nl_link_set_mtu(&nl, c->ifname, conf->mtu);
	if (conf->txQLen)
		nl_link_set_txqlen(&nl, c->ifname, conf->txQLen);
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
	for (size_t i = 0; i < r->ninterfaces; i++) {
		struct result_interface *f = &r->interfaces[i];

		if (!f->sandbox || !*f->sandbox || !str_eq(f->name, c->ifname))
			continue;
		if (mac) {
			free(f->mac);
			f->mac = mac_text(bytes);
		}
		if (conf->mtu)
			f->mtu = conf->mtu;
	}
}

void tuning_add(const struct call *c, struct result *r)
{
	_free_ char *mac = NULL;
	struct conf conf = { 0 };

	cni_conf(c, NULL, &schema, &conf);
	mac = cni_wanted_mac(c, conf.mac);
	put_sysctls(c, &conf.sysctl);
	if (mac || conf.promisc || conf.allmulti || conf.mtu || conf.txQLen)
		put_link(c, &conf, mac, r);
	decode_free(&schema, &conf);
}

/* A sysctl goes with its namespace, a setting with its interface. */
void tuning_del(const struct call *c _unused_, struct result *r _unused_)
{
}

void tuning_check(const struct call *c, struct result *r _unused_)
{
	struct conf conf = { 0 };

	cni_conf(c, NULL, &schema, &conf);
	for (size_t i = 0; i < conf.sysctl.n; i++) {
		_free_ char *path = sysctl_path(c, conf.sysctl.v[i].key);
		struct sysctl now = { path, NULL, NULL };

		if (nsfile_visit(c->netns_fd, use_sysctl, &now))
			die("read sysctl '%s'", conf.sysctl.v[i].key);
		if (!str_eq(now.got, conf.sysctl.v[i].value))
			diex("sysctl '%s' is '%s', not '%s'", conf.sysctl.v[i].key, now.got,
			     conf.sysctl.v[i].value);
		free(now.got);
	}
	decode_free(&schema, &conf);
}
