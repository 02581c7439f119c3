#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/ns.h"
#include "lib/str.h"

const struct ns_type ns_types[NS_TYPES] = {
	{ CLONE_NEWCGROUP, "cgroup", "cgroup" }, { CLONE_NEWIPC, "ipc", "ipc" },
	{ CLONE_NEWUTS, "uts", "uts" },		 { CLONE_NEWNET, "network", "net" },
	{ CLONE_NEWPID, "pid", "pid" },		 { CLONE_NEWTIME, "time", "time" },
	{ CLONE_NEWNS, "mount", "mnt" },	 { CLONE_NEWUSER, "user", "user" },
};

const struct ns_type *ns_of_flag(int flag)
{
	for (size_t i = 0; i < NS_TYPES; i++) {
		if (ns_types[i].flag == flag)
			return &ns_types[i];
	}
	return NULL;
}

const struct ns_type *ns_of_name(const char *spec)
{
	for (size_t i = 0; i < NS_TYPES; i++) {
		if (str_eq(ns_types[i].spec, spec))
			return &ns_types[i];
	}
	return NULL;
}

int ns_open_path(const char *path, int flag)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	/* ENOTTY: no namespace file at all. */
	if (ioctl(fd, NS_GET_NSTYPE) != flag)
		return set_errno(EINVAL);
	return steal_fd(&fd);
}

enum { NS_PATH_MAX = 64 };

static int path_of(pid_t pid, int flag, char path[static NS_PATH_MAX])
{
	const struct ns_type *t = ns_of_flag(flag);

	if (!t)
		return set_errno(EINVAL);
	if (pid)
		snprintf(path, NS_PATH_MAX, "/proc/%d/ns/%s", (int)pid, t->proc);
	else
		snprintf(path, NS_PATH_MAX, "/proc/self/ns/%s", t->proc);
	return 0;
}

int ns_open_pid(pid_t pid, int flag)
{
	char path[NS_PATH_MAX];

	return path_of(pid, flag, path) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
}

int ns_is_same(int fd, int otherfd)
{
	struct stat a, b;

	if (fstat(fd, &a) || fstat(otherfd, &b))
		return -1;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int ns_is_ours(pid_t pid, int flag)
{
	char theirs[NS_PATH_MAX], ours[NS_PATH_MAX];
	struct stat a, b;

	if (path_of(pid, flag, theirs) || path_of(0, flag, ours) || stat(theirs, &a) ||
	    stat(ours, &b))
		return -1;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int ns_loopback_up(void)
{
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo" };

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr))
		return -1;
	ifr.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &ifr);
}
