#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/idmap.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/ns.h"
#include "lib/str.h"

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

/* newuidmap and newgidmap know which ids /etc/subuid and /etc/subgid give to a user; they are
 * set-id programs, never looked for along a PATH. What they say goes nowhere: the caller tells. */
static int run_helper(const char *program, pid_t pid, const struct idmap *map, size_t n)
{
	posix_spawn_file_actions_t quiet;
	_strv_ struct strv argv = { 0 };
	int status, error;
	pid_t child;

	strv_add(&argv, program);
	strv_take(&argv, xasprintf("%d", (int)pid));
	for (size_t i = 0; i < n; i++) {
		strv_take(&argv, xasprintf("%u", map[i].inside));
		strv_take(&argv, xasprintf("%u", map[i].outside));
		strv_take(&argv, xasprintf("%u", map[i].count));
	}
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	error = posix_spawn(&child, program, &quiet, NULL, argv.v, environ);
	posix_spawn_file_actions_destroy(&quiet);
	if (error)
		return set_errno(error);
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return status ? set_errno(EPERM) : 0;
}

static int write_uids(pid_t pid, const struct idmap *map, size_t n)
{
	if (!write_map(pid, "uid_map", map, n))
		return 0;
	return errno == EPERM ? run_helper("/usr/bin/newuidmap", pid, map, n) : -1;
}

/* EPERM: no CAP_SETGID outside. A map of one's own gid is fine once setgroups is off
 * (user_namespaces(7)). */
static int write_gids(pid_t pid, const struct idmap *map, size_t n)
{
	if (!write_map(pid, "gid_map", map, n))
		return 0;
	if (errno != EPERM)
		return -1;
	if (n != 1 || map->count != 1 || map->outside != getegid())
		return run_helper("/usr/bin/newgidmap", pid, map, n);
	return write_file(pid, "setgroups", "deny") ? -1 : write_map(pid, "gid_map", map, n);
}

int idmap_write(pid_t pid, const struct idmap *uids, size_t n_uids, const struct idmap *gids,
		size_t n_gids)
{
	return write_uids(pid, uids, n_uids) ? -1 : write_gids(pid, gids, n_gids);
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
