/* Networks without a bridge: pasta or slirp4netns carries the traffic between a namespace and its
 * user's own sockets, so that nobody needs to be root outside. One helper a space; its pid is
 * recorded before anyone relies on it, and it ends with the space. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/sys.h"
#include "netns/netns.h"

/* Hidden from those who list records. */
static const char pid_file[] = ".helper";
/* Where pasta answers for the host's name server. */
static const char pasta_dns[] = "169.254.1.1";

enum { ANSWER_MAX = 4096, READY_MS = 30000 };

bool rootless_is(const char *network)
{
	return str_eq(network, "pasta") || str_eq(network, "slirp4netns");
}

static char *path_in(const struct space *space, const char *name)
{
	return xasprintf("%s/net/spaces/%s/%s", sys_lash_run(), space->name, name);
}

static void record_helper(const struct space *space, pid_t pid)
{
	if (helper_record(space->dirfd, pid_file, pid))
		die("record the helper of '%s'", space->name);
}

bool rootless_is_alive(int space_dirfd)
{
	_close_ int pidfd = helper_find(space_dirfd, pid_file, NULL);

	return pidfd >= 0;
}

void rootless_stop(int space_dirfd)
{
	_close_ int pidfd = helper_find(space_dirfd, pid_file, NULL);

	if (pidfd >= 0 && proc_pidfd_signal(pidfd, SIGTERM) && errno != ESRCH)
		die("stop the helper");
}

/* What the helper has to say is kept beside its pid, for when it fails. */
static const char log_file[] = ".helper.log";

/* The last line is the reason, mostly. */
_noreturn_ static void give_up(const struct space *space, const char *program)
{
	_buf_ struct buf text = { 0 };
	char *end, *line;

	if (file_read_regular(space->dirfd, log_file, ANSWER_MAX, &text) || !text.len)
		diex("%s could not connect '%s'", program, space->name);
	end = text.data + text.len;
	while (end > text.data && end[-1] == '\n')
		*--end = '\0';
	line = memrchr(text.data, '\n', end - text.data);
	diex("%s could not connect '%s': %s", program, space->name, line ? line + 1 : text.data);
}

/* "127.0.0.1/8080:80", the way pasta names a port. */
static void add_pasta_ports(struct strv *argv, const struct ports *ports, const char *protocol,
			    const char *option)
{
	bool any = false;

	for (size_t i = 0; i < ports->n; i++) {
		const struct port *p = &ports->v[i];

		if (!str_eq(p->protocol, protocol))
			continue;
		strv_add(argv, option);
		strv_take(argv, xasprintf("%s%s%u:%u", p->hostIP, *p->hostIP ? "/" : "",
					  p->hostPort, p->containerPort));
		any = true;
	}
	if (!any) {
		strv_add(argv, option);
		strv_add(argv, "none");
	}
}

/* pasta goes into the background when all is set up; its own pid file says who it is then. Should
 * we be killed before, it ends by itself with the namespace's file, which it watches. */
static void start_pasta(const struct space *space, const char *netns, const struct wish *wish)
{
	_free_ char *pidfile = path_in(space, ".pasta.pid"), *line = NULL;
	const char *fixed[] = {
		"pasta",   "--config-net", "--quiet",	 "--no-map-gw", "--dns-forward",
		pasta_dns, "--ns-ifname",  wish->ifname, "-T",		"none",
		"-U",	   "none"
	};
	_strv_ struct strv argv = { 0 };
	uint64_t pid;
	pid_t child;

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		strv_add(&argv, fixed[i]);
	/* Root of a user namespace is who it must stay; it would become nobody. */
	if (!geteuid()) {
		strv_add(&argv, "--runas");
		strv_add(&argv, "0");
	}
	strv_add(&argv, "--pid");
	strv_add(&argv, pidfile);
	add_pasta_ports(&argv, &wish->ports, "tcp", "-t");
	add_pasta_ports(&argv, &wish->ports, "udp", "-u");
	strv_add(&argv, "--netns");
	strv_add(&argv, netns);
	child = xfork();
	if (!child)
		helper_become(space->dirfd, log_file, argv.v, -1);
	if (proc_wait(child))
		give_up(space, "pasta");
	line = file_read_line_regular(AT_FDCWD, pidfile);
	if (!line || num_u64(line, INT32_MAX, &pid))
		diex("pasta does not say its process");
	record_helper(space, pid);
}

static bool is_ready(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char byte;

	return poll(&p, 1, READY_MS) == 1 && read(fd, &byte, 1) == 1;
}

/* One request to slirp4netns' socket, one answer. */
static void ask_slirp(const char *path, const struct buf *request)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_buf_ struct buf answer = { 0 };
	char why[JSON_WHY_MAX];
	_json_ struct json *j = NULL;

	if (strlen(path) >= sizeof(addr.sun_path))
		diex("path too long for a socket: '%s'", path);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (void *)&addr, sizeof(addr)) ||
	    io_write(fd, request->data, request->len) || shutdown(fd, SHUT_WR) ||
	    io_read_all(fd, ANSWER_MAX, &answer))
		die("ask slirp4netns");
	j = json_parse(buf_str(&answer), answer.len, JSON_LAST_WINS, why);
	if (!j || json_get(j, "error"))
		diex("publish ports: slirp4netns: %s",
		     json_get_str(json_get(j, "error"), "desc") ?: "no answer that is understood");
}

static void forward_slirp(const char *path, const struct port *p)
{
	_buf_ struct buf request = { 0 };
	struct emit e = { .out = &request };

	emit_object(&e, NULL);
	emit_str(&e, "execute", "add_hostfwd");
	emit_object(&e, "arguments");
	emit_str(&e, "proto", p->protocol);
	emit_str(&e, "host_addr", *p->hostIP ? p->hostIP : "0.0.0.0");
	emit_int(&e, "host_port", p->hostPort);
	emit_int(&e, "guest_port", p->containerPort);
	emit_end(&e);
	emit_end(&e);
	ask_slirp(path, &request);
}

static void start_slirp(const struct space *space, const char *netns, const struct wish *wish)
{
	_free_ char *socket_path = path_in(space, ".slirp");
	int ready[2], gate;
	char fd[16];
	pid_t child;

	if (pipe2(ready, O_CLOEXEC))
		die("make a pipe");
	snprintf(fd, sizeof(fd), "%d", ready[1]);

	const char *argv[] = { "slirp4netns",
			       "-c",
			       "-r",
			       fd,
			       "--disable-host-loopback",
			       "--mtu=65520",
			       "--api-socket",
			       socket_path,
			       "--netns-type=path",
			       netns,
			       wish->ifname,
			       NULL };

	child = helper_fork(&gate);
	if (!child)
		helper_become(space->dirfd, log_file, (char *const *)(uintptr_t)argv, ready[1]);
	record_helper(space, child);
	helper_go(gate);
	close(ready[1]);
	if (!is_ready(ready[0]))
		give_up(space, "slirp4netns");
	close(ready[0]);
	for (size_t i = 0; i < wish->ports.n; i++)
		forward_slirp(socket_path, &wish->ports.v[i]);
}

static int note_address(void *arg, const struct nl_addr *addr)
{
	static const struct nl_addr link_local = { AF_INET6, { 0xfe, 0x80 }, 10 };
	struct attachment *a = arg;
	char text[ADDR_TEXT_MAX];

	if (addr_within(addr, &link_local))
		return 0;
	a->ips = xreallocarray(a->ips, a->nips + 1, sizeof(*a->ips));
	a->ips[a->nips++] = (struct ip){ .address = xstrdup(addr_text(addr, true, text)) };
	return 0;
}

static int open_there(void *nl)
{
	return nl_open(nl);
}

/* What the helper made of the namespace. */
static void look_inside(int netns_fd, struct attachment *a)
{
	_nl_ struct nl nl = { .fd = -1 };
	struct nl_found found;

	if (nsfile_visit(netns_fd, open_there, &nl))
		die("join the new network namespace");
	if (nl_link_find(&nl, a->ifName, &found))
		die("find interface '%s'", a->ifName);
	a->mac = mac_text(found.mac);
	nl_link_up(&nl, "lo");
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
	if (nl_addr_each(&nl, found.ifindex, note_address, a))
		die("list addresses of '%s'", a->ifName);
}

static void check_ports(const struct ports *ports)
{
	for (size_t i = 0; i < ports->n; i++) {
		if (str_eq(ports->v[i].protocol, "sctp"))
			diex("publish port '%u/sctp': only tcp and udp go without a bridge",
			     ports->v[i].hostPort);
	}
}

void rootless_attach(const struct space *space, int netns_fd, const char *network,
		     const struct wish *wish)
{
	_free_ char *path = xasprintf("%s/%s", netns_dir(), space->name);
	struct attachment a = { .network = xstrdup(network),
				.ifName = xstrdup(wish->ifname),
				.helper = true,
				.ports = wish->ports.v,
				.nports = wish->ports.n };

	check_ports(&wish->ports);
	record_intend(space->dirfd, &a);
	if (str_eq(network, "pasta"))
		start_pasta(space, path, wish);
	else
		start_slirp(space, path, wish);
	look_inside(netns_fd, &a);
	record_intend(space->dirfd, &a);
	record_commit(space->dirfd, a.ifName);
	/* The ports are the wish's. */
	a.ports = NULL;
	a.nports = 0;
	attachment_free(&a);
}

const char *rootless_server(const char *network)
{
	return str_eq(network, "pasta") ? pasta_dns : "10.0.2.3";
}
