/* The name server of a network: dnsmasq on the bridge's own addresses. It answers for the names of
 * the network's members, which are files in the network's record, and forwards the rest. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "lib/sys.h"
#include "netns/netns.h"

static const char hosts[] = "hosts", pid_file[] = "dnsmasq.pid";

enum { DNS_PORT = 53, READY_MS = 20000, END_MS = 5000 };

static bool is_host_name(const char *s)
{
	size_t len = strlen(s);

	return len && len < 254 && s[0] != '-' && s[0] != '.' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
		       len;
}

void check_names(const struct wish *wish)
{
	for (size_t i = 0; i < wish->aliases.n; i++) {
		if (!is_host_name(wish->aliases.v[i]))
			opt_misuse("not a host's name: '%s'", wish->aliases.v[i]);
	}
}

static int open_hosts(int network_dirfd)
{
	return openat(network_dirfd, hosts, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void add_addresses(struct strv *argv, const struct network *net)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < net->nranges; i++)
		strv_take(argv, xasprintf("--listen-address=%s",
					  addr_text(&net->ranges[i].gateway, false, text)));
}

/* Names without a dot are members' or nobody's. */
static void become_server(int network_dirfd, const struct network *net)
{
	const char *fixed[] = { "dnsmasq",
				"--conf-file=/dev/null",
				"--no-hosts",
				"--bind-dynamic",
				"--except-interface=lo",
				"--domain-needed",
				"--local-ttl=600",
				"--dns-loop-detect",
				"--cache-size=1000",
				"--keep-in-foreground",
				"--addn-hosts=" RESOLVER_NAMES };
	struct strv argv = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		strv_add(&argv, fixed[i]);
	add_addresses(&argv, net);
	resolver_become(open_hosts(network_dirfd), argv.v);
}

/* Until it listens on the bridge, or has ended: its exit status. */
static int wait_for(pid_t pid, const struct network *net)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	char address[ADDR_TEXT_MAX], protocol[] = "tcp";
	const struct port p = { addr_text(&net->ranges[0].gateway, false, address), DNS_PORT, 0,
				protocol };
	int status;

	for (int ms = 0; ms < READY_MS && !port_is_bound(&p); ms++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int start(int network_dirfd, const struct network *net)
{
	int gate;
	pid_t pid = helper_fork(&gate);

	if (!pid)
		become_server(network_dirfd, net);
	if (helper_record(network_dirfd, pid_file, pid))
		die("record the name server of '%s'", net->name);
	helper_go(gate);
	return wait_for(pid, net);
}

/* It is nobody's server that reads it, whatever our umask. */
static void make_hosts(int network_dirfd, const struct network *net)
{
	_close_ int fd = -1;

	if (mkdirat(network_dirfd, hosts, 0755) && errno != EEXIST)
		die("make directory of names for '%s'", net->name);
	fd = open_hosts(network_dirfd);
	if (fd < 0 || fchmod(fd, 0755))
		die("open directory of names for '%s'", net->name);
}

bool resolver_up(int network_dirfd, const struct network *net)
{
	_close_ int pidfd = -1;
	int code;

	if (!net->resolver || !net->is_gateway)
		return false;
	pidfd = helper_find(network_dirfd, pid_file, NULL);
	if (pidfd >= 0)
		return true;
	make_hosts(network_dirfd, net);
	code = start(network_dirfd, net);
	if (code)
		warnx("network '%s': names will not resolve: dnsmasq %s", net->name,
		      code == 127 ? "is not installed" : "cannot listen on port 53 of its bridge");
	return !code;
}

/* The next one on the same addresses must find them free. */
void resolver_down(int network_dirfd, const struct network *net)
{
	_close_ int pidfd = helper_find(network_dirfd, pid_file, NULL);
	struct pollfd end = { pidfd, POLLIN, 0 };

	if (pidfd < 0)
		return;
	if (proc_pidfd_signal(pidfd, SIGTERM) && errno != ESRCH)
		die("stop the name server of '%s'", net->name);
	poll(&end, 1, END_MS);
}

/* It reads all names again, which takes less than a millisecond a thousand. */
static void reload(int network_dirfd)
{
	_close_ int pidfd = helper_find(network_dirfd, pid_file, NULL);

	if (pidfd >= 0 && proc_pidfd_signal(pidfd, SIGHUP) && errno != ESRCH)
		die("tell a name server of new names");
}

static char *file_of(const char *space, const char *ifname)
{
	return xasprintf("%s:%s", space, ifname);
}

void resolver_add(int network_dirfd, const char *space, const struct attachment *a,
		  const struct wish *wish)
{
	_free_ char *file = file_of(space, a->ifName);
	_close_ int dirfd = open_hosts(network_dirfd);
	_buf_ struct buf text = { 0 };

	for (size_t i = 0; i < a->nips; i++) {
		buf_addf(&text, "%.*s", (int)strcspn(a->ips[i].address, "/"), a->ips[i].address);
		for (size_t j = 0; j < wish->aliases.n; j++)
			buf_addf(&text, " %s", wish->aliases.v[j]);
		buf_addf(&text, " %s\n", space);
	}
	if (dirfd < 0 || file_replace(dirfd, file, 0644, text.data, text.len, false))
		die("write names of '%s'", space);
	reload(network_dirfd);
}

void resolver_drop(int network_dirfd, const char *space, const char *ifname)
{
	_free_ char *file = file_of(space, ifname), *draft = xasprintf(".%s.new", file);
	_close_ int dirfd = open_hosts(network_dirfd);

	if (dirfd < 0)
		return;
	unlinkat(dirfd, draft, 0);
	if (!unlinkat(dirfd, file, 0))
		reload(network_dirfd);
}
