/* etcfiles - write a container's hosts, hostname and resolv.conf.
 *
 * The files are bind-mounted, so existing ones are rewritten in place. Without name servers of its
 * own a container gets the host's, except those on loopback, which it could not reach.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/json.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "lib/str.h"

enum { FILE_MAX_BYTES = 1 << 20 };

static const char *hostname, *domainname, *net_file;
static bool host_network;
static struct strv dns, dns_search, dns_option, add_host;

static const struct opt opts[] = {
	{ 0, "hostname", OPT_STR, &hostname, "NAME", "the container's host name" },
	{ 0, "domainname", OPT_STR, &domainname, "NAME", "its domain" },
	{ 0, "net", OPT_STR, &net_file, "FILE", "CNI result: its addresses get the host name" },
	{ 0, "host-network", OPT_FLAG, &host_network, NULL,
	  "it shares the host's network, and files" },
	{ 0, "dns", OPT_STRV, &dns, "ADDRESS", "name server" },
	{ 0, "dns-search", OPT_STRV, &dns_search, "DOMAIN", "search domain; '.' for none" },
	{ 0, "dns-option", OPT_STRV, &dns_option, "OPTION", "resolver option" },
	{ 0, "add-host", OPT_STRV, &add_host, "NAME:ADDRESS", "line of hosts" },
	{ 0 }
};

static const char *read_text(const char *path, struct buf *b)
{
	if (file_read(AT_FDCWD, path, FILE_MAX_BYTES, b) && errno != ENOENT)
		die("read '%s'", path);
	return buf_str(b);
}

static void write_file(int dirfd, const char *name, const struct buf *b)
{
	_close_ int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
				0644);

	/* Our caller's umask keeps its own files private; these are the container's. */
	if (fd < 0 || fchmod(fd, 0644) || io_write(fd, buf_str(b), b->len))
		die("write '%s'", name);
}

static void add_hosts_of_net(struct buf *b, const struct json *net)
{
	const struct json *ips = json_get(net, "ips");

	for (const struct json *ip = ips ? ips->child : NULL; ip; ip = ip->next) {
		const char *address = json_get_str(ip, "address");

		if (!address || !hostname)
			continue;
		buf_addf(b, "%.*s\t", (int)strcspn(address, "/"), address);
		if (domainname)
			buf_addf(b, "%s.%s ", hostname, domainname);
		buf_addf(b, "%s\n", hostname);
	}
}

/* host-gateway is the other end of the container's own network. */
static void add_extra_host(struct buf *b, const char *text, const struct json *net)
{
	size_t len = strcspn(text, ":=");
	const char *address = text[len] ? text + len + 1 : "";
	const char *gateway = json_get_str(json_find(net, "ips.0"), "gateway");
	unsigned char binary[16];

	if (str_eq(address, "host-gateway"))
		address = gateway ? gateway : "127.0.0.1";
	if (!len ||
	    (inet_pton(AF_INET, address, binary) != 1 && inet_pton(AF_INET6, address, binary) != 1))
		opt_misuse("invalid --add-host '%s': NAME:ADDRESS wanted", text);
	buf_addf(b, "%s\t%.*s\n", address, (int)len, text);
}

static void make_hosts(int dirfd, const struct json *net)
{
	_buf_ struct buf b = { 0 };

	if (host_network)
		read_text("/etc/hosts", &b);
	else
		buf_adds(&b, "127.0.0.1\tlocalhost\n"
			     "::1\tlocalhost ip6-localhost ip6-loopback\n"
			     "fe00::0\tip6-localnet\n"
			     "ff00::0\tip6-mcastprefix\n"
			     "ff02::1\tip6-allnodes\n"
			     "ff02::2\tip6-allrouters\n");
	for (size_t i = 0; i < add_host.n; i++)
		add_extra_host(&b, add_host.v[i], net);
	add_hosts_of_net(&b, net);
	write_file(dirfd, "hosts", &b);
}

static void make_hostname(int dirfd)
{
	_buf_ struct buf b = { 0 };

	if (hostname)
		buf_addf(&b, "%s%s%s\n", hostname, domainname ? "." : "",
			 domainname ? domainname : "");
	else
		read_text("/etc/hostname", &b);
	write_file(dirfd, "hostname", &b);
}

static const char *word_after(const char *line, const char *keyword)
{
	const char *rest = str_after(line, keyword);

	return rest && (*rest == ' ' || *rest == '\t') ? rest + strspn(rest, " \t") : NULL;
}

static bool is_loopback(const char *address)
{
	return str_starts(address, "127.") || str_eq(address, "::1");
}

struct resolv {
	struct strv servers;
	char *search, *options;
};

static void read_resolv(const char *path, struct resolv *r)
{
	_buf_ struct buf b = { 0 };
	_strv_ struct strv lines = { 0 };

	read_text(path, &b);
	strv_split(&lines, buf_str(&b), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *server = word_after(lines.v[i], "nameserver"),
			   *search = word_after(lines.v[i], "search");
		const char *options = word_after(lines.v[i], "options");

		if (server && (host_network || !is_loopback(server)))
			strv_add(&r->servers, server);
		if (search) {
			free(r->search);
			r->search = xstrdup(search);
		}
		if (options) {
			free(r->options);
			r->options = xstrdup(options);
		}
	}
}

static void add_joined(struct buf *b, const char *keyword, const struct strv *given,
		       const char *found)
{
	if (given->n == 1 && str_eq(given->v[0], "."))
		return;
	if (!given->n && !found)
		return;
	buf_adds(b, keyword);
	for (size_t i = 0; i < given->n; i++)
		buf_addf(b, " %s", given->v[i]);
	buf_addf(b, "%s%s\n", given->n ? "" : " ", given->n ? "" : found);
}

/* The name server of the container's own network, which asks the host's in turn. */
static void read_net_servers(const struct json *net, struct resolv *r)
{
	const struct json *list = json_find(net, "dns.nameservers");

	for (const struct json *s = list ? list->child : NULL; s; s = s->next) {
		if (s->type == JSON_STRING)
			strv_add(&r->servers, s->text);
	}
	/* Its names have no dots, so none is to be tried with the search domains first. */
	if (r->servers.n) {
		free(r->options);
		r->options = xstrdup("ndots:0");
	}
}

static void make_resolv_conf(int dirfd, const struct json *net)
{
	const struct strv *servers = &dns;
	struct resolv own = { 0 };
	struct resolv r = { 0 };
	_buf_ struct buf b = { 0 };

	read_resolv("/etc/resolv.conf", &r);
	/* systemd-resolved's stub listens on loopback; what it asks itself is here. */
	if (!r.servers.n)
		read_resolv("/run/systemd/resolve/resolv.conf", &r);
	read_net_servers(net, &own);
	if (own.servers.n) {
		strv_free(&r.servers);
		free(r.options);
		r.servers = own.servers;
		r.options = own.options;
	}
	if (!dns.n)
		servers = &r.servers;
	for (size_t i = 0; i < servers->n; i++)
		buf_addf(&b, "nameserver %s\n", servers->v[i]);
	add_joined(&b, "search", &dns_search, r.search);
	add_joined(&b, "options", &dns_option, r.options);
	write_file(dirfd, "resolv.conf", &b);
	strv_free(&r.servers);
	free(r.search);
	free(r.options);
}

static struct json *read_net(void)
{
	_buf_ struct buf b = { 0 };
	char why[JSON_WHY_MAX];
	struct json *net;

	if (!net_file)
		return NULL;
	if (file_read(AT_FDCWD, net_file, FILE_MAX_BYTES, &b))
		die("read '%s'", net_file);
	net = json_parse(buf_str(&b), b.len, 0, why);
	if (!net)
		diex("parse '%s': %s", net_file, why);
	return net;
}

int main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... DIR",
				 "Write a container's hosts, hostname and resolv.conf into DIR.",
				 opts, 0, NULL };
	_json_ struct json *net = NULL;
	_close_ int dirfd = -1;
	int at;

	opt_program(argv[0]);
	at = opt_parse(argc, argv, &u);
	opt_operands(argc - at, 1, 1);
	net = read_net();
	dirfd = path_open_dir(argv[at], 0711);
	if (dirfd < 0)
		die("open '%s'", argv[at]);
	make_hosts(dirfd, net);
	make_hostname(dirfd);
	make_resolv_conf(dirfd, net);
	return 0;
}
