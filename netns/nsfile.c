#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/path.h"
#include "netns/netns.h"

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", netns_dir(), name);
}

struct visit {
	int netns_fd;
	nsfile_fn *fn;
	void *arg;
	int answer, err;
};

static void go_and_do(struct visit *v)
{
	v->answer = -1;
	if (!(v->netns_fd < 0 ? unshare(CLONE_NEWNET) : setns(v->netns_fd, CLONE_NEWNET)))
		v->answer = v->fn(v->arg);
	v->err = errno;
}

static void *in_thread(void *arg)
{
	go_and_do(arg);
	return NULL;
}

/* Root of a user namespace only cannot come back to the host's network: a thread goes, and ends
 * there. */
static void send_thread(struct visit *v)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, in_thread, v);

	if (!err)
		err = pthread_join(thread, NULL);
	if (err) {
		v->answer = -1;
		v->err = err;
	}
}

int nsfile_visit(int netns_fd, nsfile_fn *fn, void *arg)
{
	struct visit v = { netns_fd, fn, arg, -1, 0 };
	_close_ int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (home < 0)
		return -1;
	if (setns(home, CLONE_NEWNET)) {
		send_thread(&v);
	} else {
		go_and_do(&v);
		/* Going on in the wrong namespace would be worse than any message. */
		if (setns(home, CLONE_NEWNET)) {
			warn("return from a network namespace");
			abort();
		}
	}
	errno = v.err;
	return v.answer;
}

static int open_own(void *arg)
{
	int *fd = arg;

	*fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? -1 : 0;
}

int nsfile_make(void)
{
	int fd = -1;

	if (nsfile_visit(-1, open_own, &fd))
		die("make a network namespace");
	return fd;
}

/* What tells a namespace from all others since boot; inode numbers are used again. -1 and errno. */
static int read_cookie(void *arg)
{
	_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(uint64_t);

	return fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, arg, &len) ? -1 : 0;
}

static int cookie_of(int netns_fd, uint64_t *cookie)
{
	return nsfile_visit(netns_fd, read_cookie, cookie);
}

/* The directory must be a shared mount, so that what is mounted there reaches the mount namespaces
 * that follow this one, as iproute2 arranges it. Two of us, or `ip netns`, doing that at once would
 * hide each other's files: the lock is iproute2's too. */
static void share_dir(int dirfd)
{
	const char *dir = netns_dir();

	if (!mount(NULL, dir, NULL, MS_SHARED, NULL))
		return;
	while (flock(dirfd, LOCK_EX)) {
		if (errno != EINTR)
			die("lock '%s'", dir);
	}
	if (!mount(NULL, dir, NULL, MS_SHARED, NULL))
		return;
	if (errno != EINVAL || mount(dir, dir, NULL, MS_BIND | MS_REC, NULL) ||
	    mount(NULL, dir, NULL, MS_SHARED, NULL))
		die("share mount '%s'", dir);
}

static bool is_nsfs(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		die("ask for the file system of a namespace's file");
	return fs.f_type == NSFS_MAGIC;
}

bool nsfile_is_taken(const char *name)
{
	_free_ char *path = path_of(name);
	int saved = errno;
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT && errno != EACCES)
		die("open '%s'", path);
	errno = saved;
	return fd >= 0 && is_nsfs(fd);
}

void nsfile_bind(int space_dirfd, const char *name, int netns_fd)
{
	_free_ char *path = path_of(name);
	_close_ int dirfd = path_open_dir(netns_dir(), 0755);
	char text[32], link[FD_LINK_MAX];
	uint64_t cookie;

	if (dirfd < 0)
		die("open '%s'", netns_dir());
	share_dir(dirfd);
	if (cookie_of(netns_fd, &cookie))
		die("identify namespace '%s'", name);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)cookie);
	if (file_put_line(space_dirfd, SPACE_COOKIE, text))
		die("record namespace '%s'", name);

	_close_ int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0444);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("make '%s'", path);
	if (is_nsfs(fd) || !S_ISREG(st.st_mode))
		diex("namespace '%s' exists and is somebody else's", name);
	if (mount(fd_link(netns_fd, link), path, NULL, MS_BIND, NULL))
		die("mount namespace on '%s'", path);
}

int nsfile_open(const char *name)
{
	_free_ char *path = strchr(name, '/') ? xstrdup(name) : path_of(name);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int type;

	if (fd < 0)
		return -1;
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0 && errno != ENOTTY)
		return -1;
	return type == CLONE_NEWNET ? steal_fd(&fd) : set_errno(EINVAL);
}

int nsfile_open_own(int space_dirfd, const char *name)
{
	_free_ char *line = file_read_line_regular(space_dirfd, SPACE_COOKIE);
	uint64_t want, cookie;

	if (!line)
		return -1;
	if (num_u64(line, UINT64_MAX, &want))
		return set_errno(ENOENT);

	_close_ int fd = nsfile_open(name);

	if (fd < 0 || cookie_of(fd, &cookie))
		return -1;
	return cookie == want ? steal_fd(&fd) : set_errno(ENOENT);
}

/* Ours is what has the recorded cookie; or, where nothing is mounted (killed just before, or after
 * a reboot), the empty file we left. */
void nsfile_unbind(int space_dirfd, const char *name)
{
	_free_ char *path = path_of(name);
	_close_ int fd = nsfile_open_own(space_dirfd, name);
	struct stat st;

	if (fd >= 0) {
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) && nsfile_is_taken(name))
			die("unmount '%s'", path);
	} else if (errno != ENOENT && errno != EINVAL) {
		die("open namespace '%s'", name);
	} else if (faccessat(space_dirfd, SPACE_COOKIE, F_OK, 0)) {
		if (errno != ENOENT)
			die("look for the record of namespace '%s'", name);
		return;
	}
	if (nsfile_is_taken(name))
		return;
	if (lstat(path, &st)) {
		if (errno != ENOENT)
			die("look at '%s'", path);
		return;
	}
	if (S_ISREG(st.st_mode) && !st.st_size && unlink(path) && errno != ENOENT)
		die("remove '%s'", path);
}
