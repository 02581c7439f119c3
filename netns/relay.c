/* Ports of [::1]. What is sent to 127.0.0.1 rules can send on, with route_localnet; IPv6 has no
 * such thing. So a program listens there and connects to the container: socat, one a port, which
 * goes with the port. To the container the host's bridge is the client. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "netns/netns.h"

/* Hidden from those who list records. */
static const char lock_file[] = ".relay.lock";

enum { READY_MS = 20000, END_MS = 5000 };

bool relay_is_for(const struct port *p)
{
	return str_eq(p->hostIP, "::1");
}

static char *pid_file(const struct port *p)
{
	return xasprintf(".relay.%s.%u", p->protocol, p->hostPort);
}

/* "TCP6-LISTEN:8080,bind=[::1],fork,reuseaddr" */
static char *listen_address(const struct port *p)
{
	bool udp = str_eq(p->protocol, "udp");

	return xasprintf("%s6-LISTEN:%u,bind=[::1],fork%s", udp ? "UDP" : "TCP", p->hostPort,
			 udp ? "" : ",reuseaddr");
}

/* "TCP6:[fd00::2]:80" */
static char *connect_address(const struct attachment *a, const struct port *p)
{
	const char *to = a->ips[0].address;
	bool v6 = strchr(to, ':');

	return xasprintf("%s%s:%s%.*s%s:%u", str_eq(p->protocol, "udp") ? "UDP" : "TCP",
			 v6 ? "6" : "4", v6 ? "[" : "", (int)strcspn(to, "/"), to, v6 ? "]" : "",
			 p->containerPort);
}

/* A client of UDP never says that it has gone; one of TCP may have said all and wait for the
 * answer. */
static pid_t start(int space_dirfd, const char *pid_name, const struct attachment *a,
		   const struct port *p)
{
	_free_ char *from = listen_address(p), *to = connect_address(a, p);
	const char *argv[] = { "socat", str_eq(p->protocol, "udp") ? "-T60" : "-t86400", from, to,
			       NULL };
	int gate;
	pid_t pid = helper_fork(&gate);

	if (!pid)
		helper_become(space_dirfd, NULL, (char *const *)(uintptr_t)argv, -1);
	if (helper_record(space_dirfd, pid_name, pid))
		die("record the relay of port '%u/%s'", p->hostPort, p->protocol);
	helper_go(gate);
	return pid;
}

static void wait_for(pid_t pid, const struct port *p)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	int status;

	for (int ms = 0; ms < READY_MS && !port_is_bound(p); ms++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			diex("publish port '%u/%s' of [::1]: socat %s", p->hostPort, p->protocol,
			     WIFEXITED(status) && WEXITSTATUS(status) == 127
				     ? "is not installed"
				     : "cannot listen there");
		nanosleep(&pause, NULL);
	}
}

/* One at a time: who finds a port free has it until its relay does. */
static int lock(void)
{
	int fd = openat(state_spaces(), lock_file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX))
		die("lock the relays");
	return fd;
}

static void up(int space_dirfd, const struct attachment *a, const struct port *p)
{
	_free_ char *name = pid_file(p);

	if (str_eq(p->protocol, "sctp"))
		diex("publish port '%u/sctp': only tcp and udp can be relayed from [::1]",
		     p->hostPort);
	if (port_is_bound(p)) {
		errno = EADDRINUSE;
		die("publish port '%u/%s'", p->hostPort, p->protocol);
	}
	wait_for(start(space_dirfd, name, a, p), p);
}

static bool is_up(int space_dirfd, const struct port *p)
{
	_free_ char *name = pid_file(p);
	_close_ int pidfd = helper_find(space_dirfd, name, NULL);

	return pidfd >= 0;
}

bool relay_is_alive(int space_dirfd, const struct attachment *a)
{
	for (size_t i = 0; i < a->nports; i++) {
		if (relay_is_for(&a->ports[i]) && !is_up(space_dirfd, &a->ports[i]))
			return false;
	}
	return true;
}

void relay_up(int space_dirfd, const struct attachment *a)
{
	_close_ int locked = -1;

	for (size_t i = 0; i < a->nports; i++) {
		if (!relay_is_for(&a->ports[i]) || is_up(space_dirfd, &a->ports[i]))
			continue;
		if (locked < 0)
			locked = lock();
		up(space_dirfd, a, &a->ports[i]);
	}
}

/* With the processes of its connections, which are in its session. */
static void down(int space_dirfd, const struct port *p)
{
	_free_ char *name = pid_file(p);
	pid_t pid;
	_close_ int pidfd = helper_find(space_dirfd, name, &pid);
	struct pollfd end = { pidfd, POLLIN, 0 };

	if (pidfd >= 0) {
		if (kill(-pid, SIGTERM) && errno != ESRCH)
			die("stop the relay of port '%u/%s'", p->hostPort, p->protocol);
		poll(&end, 1, END_MS);
	}
	if (unlinkat(space_dirfd, name, 0) && errno != ENOENT)
		die("remove the record of a relay");
}

void relay_down(int space_dirfd, const struct attachment *a)
{
	for (size_t i = 0; i < a->nports; i++) {
		if (relay_is_for(&a->ports[i]))
			down(space_dirfd, &a->ports[i]);
	}
}
