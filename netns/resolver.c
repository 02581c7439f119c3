/* The name server of a network: dnsmasq on the bridge's own addresses. It answers for the names of
 * the network's members, which are files in the network's record, and forwards the rest. */
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "lib/sys.h"
#include "netns/netns.h"

static const char hosts[] = "hosts", pid_file[] = "dnsmasq.pid";

enum { CMDLINE_MAX = 65536 };

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

static char *path_in(const struct network *net, const char *name)
{
	return xasprintf("%s/net/networks/%s/%s", sys_lash_run(), net->name, name);
}

/* A pidfd of the network's server, known by the file it was told to write; -1: none. */
static int find_server(int network_dirfd, const struct network *net)
{
	_free_ char *line = file_read_line(network_dirfd, pid_file);
	_free_ char *mark = path_in(net, pid_file), *proc = NULL;
	_buf_ struct buf cmdline = { 0 };
	uint64_t pid;

	if (!line || num_u64(line, INT32_MAX, &pid))
		return -1;
	proc = xasprintf("/proc/%d/cmdline", (int)pid);

	_close_ int pidfd = proc_pidfd_open(pid);

	if (pidfd < 0 || file_read(AT_FDCWD, proc, CMDLINE_MAX, &cmdline) ||
	    !memmem(cmdline.data, cmdline.len, mark, strlen(mark)))
		return -1;
	return steal_fd(&pidfd);
}

/* Of what root may do, all it is left with is to have a port below 1024 and another group: no file
 * but root's own, no other process, no mount, no link, and no program that could give more. */
static int give_up_power(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		if (cap != CAP_NET_BIND_SERVICE && cap != CAP_SETGID &&
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return -1;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

_noreturn_ static void become_server(char *const argv[])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++) {
		if (null < 0 || fd_install(null, fd))
			_exit(126);
	}
	if (give_up_power())
		_exit(126);
	proc_reset_signals();
	execvp(argv[0], argv);
	_exit(127);
}

static void add_addresses(struct strv *argv, const struct network *net)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < net->nranges; i++)
		strv_take(argv, xasprintf("--listen-address=%s",
					  addr_text(&net->ranges[i].gateway, false, text)));
}

/* It returns when it listens. Names without a dot are members' or nobody's. It stays user 0, though
 * without its power, since the names are below a directory that is closed to others, and it reads
 * them again and again. */
static int start(const struct network *net)
{
	_free_ char *dir = path_in(net, hosts), *pid = path_in(net, pid_file);
	const char *fixed[] = { "dnsmasq",	   "--conf-file=/dev/null", "--no-hosts",
				"--bind-dynamic",  "--except-interface=lo", "--domain-needed",
				"--local-ttl=600", "--dns-loop-detect",	    "--cache-size=1000",
				"--user=root" };
	_strv_ struct strv argv = { 0 };
	pid_t child;

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		strv_add(&argv, fixed[i]);
	strv_take(&argv, xasprintf("--addn-hosts=%s", dir));
	strv_take(&argv, xasprintf("--pid-file=%s", pid));
	add_addresses(&argv, net);
	child = xfork();
	if (!child)
		become_server(argv.v);
	return proc_wait(child);
}

bool resolver_up(int network_dirfd, const struct network *net)
{
	_close_ int pidfd = -1;
	int code;

	if (!net->resolver || !net->is_gateway)
		return false;
	pidfd = find_server(network_dirfd, net);
	if (pidfd >= 0)
		return true;
	if (mkdirat(network_dirfd, hosts, 0755) && errno != EEXIST)
		die("make directory of names for '%s'", net->name);
	code = start(net);
	if (code)
		warnx("network '%s': names will not resolve: dnsmasq %s", net->name,
		      code == 127 ? "is not installed" : "cannot listen on port 53 of its bridge");
	return !code;
}

void resolver_down(int network_dirfd, const struct network *net)
{
	_close_ int pidfd = find_server(network_dirfd, net);

	if (pidfd >= 0 && proc_pidfd_signal(pidfd, SIGTERM) && errno != ESRCH)
		die("stop the name server of '%s'", net->name);
}

/* It reads all names again, which takes less than a millisecond a thousand. */
static void reload(int network_dirfd, const struct network *net)
{
	_close_ int pidfd = find_server(network_dirfd, net);

	if (pidfd >= 0 && proc_pidfd_signal(pidfd, SIGHUP) && errno != ESRCH)
		die("tell the name server of '%s'", net->name);
}

static int open_hosts(int network_dirfd)
{
	return openat(network_dirfd, hosts, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static char *file_of(const char *space, const char *ifname)
{
	return xasprintf("%s:%s", space, ifname);
}

void resolver_add(int network_dirfd, const struct network *net, const char *space,
		  const struct attachment *a, const struct wish *wish)
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
	reload(network_dirfd, net);
}

void resolver_drop(int network_dirfd, const char *space, const char *ifname)
{
	_free_ char *file = file_of(space, ifname), *draft = xasprintf(".%s.new", file);
	_close_ int dirfd = open_hosts(network_dirfd);
	_network_ struct network net = { 0 };
	_free_ char *path = NULL, *name = NULL;

	if (dirfd < 0)
		return;
	unlinkat(dirfd, draft, 0);
	if (unlinkat(dirfd, file, 0))
		return;
	path = fd_path(network_dirfd);
	name = path && strrchr(path, '/') ? xstrdup(strrchr(path, '/') + 1) : NULL;
	net.name = steal_ptr(&name);
	if (net.name)
		reload(network_dirfd, &net);
}
