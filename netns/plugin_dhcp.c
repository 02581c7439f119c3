/* dhcp: an address from the network's own server, by udhcpc of busybox: one client an interface,
 * which stays in the namespace to renew the lease and gives it back when it ends. Its script is
 * this program again (netns bound), which writes what was leased into a file. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "lib/proc.h"
#include "lib/sys.h"
#include "netns/plugin.h"

enum { LEASE_MAX = 4096, WAIT_MS = 30000 };

static char *lease_dir(void)
{
	return xasprintf("%s/net/dhcp", sys_lash_run());
}

static char *lease_name(const struct call *c, const char *what)
{
	return xasprintf("%s:%s:%s.%s", c->name, c->id, c->ifname, what);
}

static char *lease_file(const struct call *c, const char *what)
{
	_free_ char *dir = lease_dir(), *name = lease_name(c, what);

	return xasprintf("%s/%s", dir, name);
}

static char *this_program(void)
{
	char link[4096];
	ssize_t len = readlink("/proc/self/exe", link, sizeof(link));

	if (len < 0 || len == sizeof(link))
		die("find this program");
	return xmemdup0(link, len);
}

static void add_words(struct buf *out, const char *key, const char *variable)
{
	const char *value = getenv(variable);
	_strv_ struct strv words = { 0 };

	if (!value)
		return;
	strv_split(&words, value, ' ');
	for (size_t i = 0; i < words.n; i++) {
		if (*words.v[i])
			buf_addf(out, "%s=%s\n", key, words.v[i]);
	}
}

/* Option 121: pairs of subnet and gateway, which win over the router. */
static void add_routes(struct buf *out)
{
	const char *value = getenv("staticroutes");
	_strv_ struct strv words = { 0 };

	if (!value)
		return;
	strv_split(&words, value, ' ');
	for (size_t i = 0; i + 1 < words.n; i += 2)
		buf_addf(out, "route=%s %s\n", words.v[i], words.v[i + 1]);
}

/* What udhcpc runs: its event is the verb, the lease is in the environment. Only the first lease
 * counts: a renewed one is the same. */
int lease_main(int argc _unused_, char **argv)
{
	const char *file = getenv("LASH_LEASE"), *ip = getenv("ip"), *mask = getenv("mask");
	_buf_ struct buf out = { 0 };
	_free_ char *draft = NULL;

	if (!file)
		opt_misuse("'%s' is for udhcpc to run", argv[0]);
	if (!str_eq(argv[0], "bound") || !ip)
		return 0;
	buf_addf(&out, "address=%s/%s\n", ip, mask ? mask : "32");
	add_words(&out, "router", "router");
	add_words(&out, "dns", "dns");
	add_words(&out, "domain", "domain");
	add_words(&out, "search", "search");
	add_routes(&out);
	draft = xasprintf("%s.new", file);

	_close_ int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || io_write(fd, out.data, out.len) || rename(draft, file))
		die("write lease '%s'", file);
	return 0;
}

_noreturn_ static void become_client(const struct call *c, const char *lease)
{
	_free_ char *script = this_program(), *hostname = cni_arg(c, "NERDCTL_CNI_DHCP_HOSTNAME");
	_free_ char *option = hostname ? xasprintf("hostname:%s", hostname) : NULL;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const char *argv[] = { "udhcpc", "-f",	    "-R", "-n",	  "-t",
			       "5",	 "-T",	    "2",  "-A",	  "2",
			       "-i",	 c->ifname, "-s", script, option ? "-x" : NULL,
			       option,	 NULL };
	const char *busybox[ARRAY_LEN(argv) + 1] = { "busybox" };

	memcpy(busybox + 1, argv, sizeof(argv));
	setenv("LASH_LEASE", lease, 1);
	if (setns(c->netns_fd, CLONE_NEWNET) || null < 0 || setsid() < 0 || chdir("/"))
		_exit(126);
	for (int fd = 0; fd < 3; fd++) {
		if (fd_install(null, fd))
			_exit(126);
	}
	proc_reset_signals();
	if (fd_cloexec_from(3))
		_exit(126);
	execvp("udhcpc", (char **)(uintptr_t)argv);
	execvp("busybox", (char **)(uintptr_t)busybox);
	_exit(127);
}

static bool is_program(const char *name)
{
	_free_ char *path = cni_find(name, getenv("PATH"));

	return path && !access(path, X_OK);
}

/* Until the script has written the lease, or the client gave up. */
static void await_lease(pid_t pid, const char *lease, struct buf *text)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int status;

	for (int waited = 0; waited < WAIT_MS; waited += 20) {
		if (!file_read_regular(AT_FDCWD, lease, LEASE_MAX, text) && text->len)
			return;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			if (proc_exit_code(status) == 127)
				diex("dhcp needs udhcpc, of busybox");
			cni_fail(CNI_OTHER, "no DHCP server answers");
		}
		nanosleep(&pause, NULL);
	}
	cni_fail(CNI_TRY_LATER, "no DHCP lease in %d seconds", WAIT_MS / 1000);
}

static void take_line(struct json *dns, char *line, struct result *r, struct nl_addr *address,
		      struct nl_addr *router)
{
	char *value = strchr(line, '=');

	if (!value)
		return;
	*value++ = '\0';
	if (str_eq(line, "address") && addr_parse(value, address))
		address->family = 0;
	if (str_eq(line, "router") && !router->family && addr_parse(value, router))
		router->family = 0;
	if (str_eq(line, "dns"))
		json_append(json_make(dns, "nameservers", JSON_ARRAY), json_new_str(value));
	if (str_eq(line, "domain"))
		json_set(dns, "domain", json_new_str(value));
	if (str_eq(line, "search"))
		json_append(json_make(dns, "search", JSON_ARRAY), json_new_str(value));
	if (str_eq(line, "route")) {
		char *gw = strchr(value, ' ');
		struct nl_addr a;

		if (!gw)
			return;
		*gw++ = '\0';
		if (!addr_parse(value, &a) && !addr_parse(gw, &a))
			result_add_route(r, value, gw);
	}
}

/* The server's answer is a stranger's: only what parses counts. */
static void take_lease(const struct buf *text, struct result *r)
{
	struct nl_addr address = { 0 }, router = { 0 };
	struct json *dns = json_new(JSON_OBJECT);
	_strv_ struct strv lines = { 0 };
	char gw[ADDR_TEXT_MAX];

	strv_split(&lines, buf_str(text), '\n');
	for (size_t i = 0; i < lines.n; i++)
		take_line(dns, lines.v[i], r, &address, &router);
	if (!address.family)
		cni_fail(CNI_OTHER, "the DHCP lease has no address");
	result_add_ip(r, &address, &router);
	if (router.family && !r->nroutes)
		result_add_route(r, "0.0.0.0/0", addr_text(&router, false, gw));
	r->dns = dns;
}

void dhcp_add(const struct call *c, struct result *r)
{
	_free_ char *lease = lease_file(c, "lease"), *dir = lease_dir();
	_buf_ struct buf text = { 0 };
	_free_ char *record = lease_name(c, "pid");
	_close_ int dirfd = path_open_dir(dir, 0700);
	_nl_ struct nl nl = { .fd = -1 };
	int gate;
	pid_t pid;

	if (dirfd < 0 || (unlink(lease) && errno != ENOENT))
		die("make '%s'", dir);
	/* A client asks by a link that is up. */
	inside_open(c, &nl);
	nl_link_up(&nl, c->ifname);
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
	cni_begin();
	pid = helper_fork(&gate);
	if (!pid)
		become_client(c, lease);
	if (helper_record(dirfd, record, pid))
		die("record the DHCP client");
	helper_go(gate);
	await_lease(pid, lease, &text);
	take_lease(&text, r);
}

/* The client that is recorded, if it still lives; -1: none. */
static int find_client(const struct call *c)
{
	_free_ char *file = lease_file(c, "pid");

	return helper_find(AT_FDCWD, file, NULL);
}

void dhcp_del(const struct call *c, struct result *r _unused_)
{
	_free_ char *pid = lease_file(c, "pid"), *lease = lease_file(c, "lease");
	_free_ char *dir = lease_dir(), *name = lease_name(c, "pid"),
		    *draft = xasprintf("%s/.%s.new", dir, name);
	_close_ int pidfd = find_client(c);

	if (pidfd >= 0 && proc_pidfd_signal(pidfd, SIGTERM) && errno != ESRCH)
		die("stop the DHCP client");
	unlink(draft);
	if ((unlink(pid) && errno != ENOENT) || (unlink(lease) && errno != ENOENT))
		die("remove '%s'", pid);
}

void dhcp_check(const struct call *c, struct result *r _unused_)
{
	_close_ int pidfd = find_client(c);

	if (pidfd < 0)
		diex("the DHCP client of '%s' is gone", c->ifname);
}

void dhcp_status(const struct call *c _unused_, struct result *r _unused_)
{
	if (!is_program("udhcpc") && !is_program("busybox"))
		cni_fail(CNI_NOT_AVAILABLE, "dhcp needs udhcpc, of busybox");
}
