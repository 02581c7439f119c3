#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "netns/netns.h"

const char *netns_dir(void)
{
	return sys_dir("LASH_NETNS_DIR", "/run/netns");
}

static int open_state(const char *name)
{
	_free_ char *path = xasprintf("%s/net/%s", sys_lash_run(), name);
	int fd = path_open_dir(path, 0755);

	if (fd < 0)
		die("open '%s'", path);
	return fd;
}

int state_spaces(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open_state("spaces");
	return fd;
}

int state_networks(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open_state("networks");
	return fd;
}

int state_attachments(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open_state("attachments");
	return fd;
}

int state_devices(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open_state("devices");
	return fd;
}

int space_create(const char *name)
{
	int dirfd;

	/* gc may remove the directory before it is locked; then it is made again. */
	do {
		if (mkdirat(state_spaces(), name, 0755)) {
			if (errno == EEXIST)
				diex("namespace '%s' exists", name);
			die("make record of '%s'", name);
		}
		dirfd = path_lock_dir(state_spaces(), name, true, false);
	} while (dirfd < 0 && errno == ENOENT);
	if (dirfd < 0)
		die("lock record of '%s'", name);
	return dirfd;
}

int space_lock(const char *name, bool nowait)
{
	return path_lock_dir(state_spaces(), name, true, nowait);
}

static void tally(void *arg, const char *file, const struct attachment *a _unused_)
{
	if (!record_is_intent(file))
		*(bool *)arg = true;
}

bool space_is_alive(int space_dirfd, const char *name)
{
	_close_ int fd = nsfile_open_own(space_dirfd, name);
	bool attached = false;

	/* Not to know is not to be dead. */
	if (fd < 0 && errno != ENOENT && errno != EINVAL)
		die("open namespace '%s'", name);
	if (fd >= 0)
		record_each(space_dirfd, tally, &attached);
	return attached;
}

int space_open(const char *name)
{
	int dirfd;

	if (!str_is_name(name))
		opt_misuse("not a name: '%s'", name);
	dirfd = space_lock(name, false);
	if (dirfd < 0 && errno == ENOENT)
		diex("no such namespace: '%s'", name);
	if (dirfd < 0)
		die("lock namespace '%s'", name);
	space_heal(name, dirfd);
	return dirfd;
}

bool state_is_absent(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EINVAL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_of(int dirfd, struct strv *names)
{
	/* A descriptor of its own: the position of a shared one would be shared too. */
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir)
		die("read a directory of '%s'", sys_lash_run());
	while ((errno = 0, e = readdir(dir))) {
		if (e->d_name[0] != '.')
			strv_add(names, e->d_name);
	}
	if (errno)
		die("read a directory of '%s'", sys_lash_run());
	closedir(dir);
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
}
