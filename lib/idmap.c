#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/buf.h"
#include "lib/idmap.h"
#include "lib/io.h"
#include "lib/ns.h"

static int write_file(pid_t pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return file_poke(AT_FDCWD, path, text);
}

static int write_map(pid_t pid, const char *file, const struct idmap *map, size_t n)
{
	_buf_ struct buf b = { 0 };

	if (!n || n > IDMAP_LINES_MAX)
		return set_errno(EINVAL);
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%u %u %u\n", map[i].inside, map[i].outside, map[i].count);
	return write_file(pid, file, buf_str(&b));
}

int idmap_write(pid_t pid, const struct idmap *uids, size_t n_uids, const struct idmap *gids,
		size_t n_gids)
{
	if (write_map(pid, "uid_map", uids, n_uids))
		return -1;
	if (!write_map(pid, "gid_map", gids, n_gids))
		return 0;
	/* EPERM: no CAP_SETGID outside; a map of one's own gid is fine once setgroups is off
	 * (user_namespaces(7)). */
	if (errno != EPERM || write_file(pid, "setgroups", "deny"))
		return -1;
	return write_map(pid, "gid_map", gids, n_gids);
}

int idmap_outside(const struct idmap *map, size_t n, uint32_t inside, uint32_t *outside)
{
	if (!n)
		*outside = inside;
	for (size_t i = 0; i < n; i++) {
		if (inside >= map[i].inside && inside - map[i].inside < map[i].count) {
			*outside = map[i].outside + (inside - map[i].inside);
			return 0;
		}
	}
	return n ? set_errno(EINVAL) : 0;
}

/* The holder of the namespace: alive until killed, so that its maps can be written and its file
 * opened. */
static pid_t hold_userns(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	while (!pid)
		pause();
	return pid;
}

int idmap_userns(const struct idmap *uids, size_t n_uids, const struct idmap *gids, size_t n_gids)
{
	pid_t pid = hold_userns();
	int fd = -1;

	if (pid < 0)
		return -1;
	if (!idmap_write(pid, uids, n_uids, gids, n_gids))
		fd = ns_open_pid(pid, CLONE_NEWUSER);

	int saved = errno;

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = saved;
	return fd;
}
