#include <signal.h>

#include "lib/cgroup_private.h"

enum { FREEZE_MS = 100, ROUNDS_MS = 2000 };

static int signal_all(const struct cgroup_pids *pids, int sig)
{
	for (size_t i = 0; i < pids->n; i++) {
		if (kill(pids->pid[i], sig) < 0 && errno != ESRCH)
			return -1;
	}
	return 0;
}

static int thaw_one(int dirfd)
{
	int rc = cgroup_write(dirfd, "freezer.state", "THAWED");

	return rc < 0 && errno != ENOENT && errno != ENODEV ? -1 : 0;
}

static int thaw_visit(int parentfd, const char *name, _unused_ void *arg)
{
	_close_ int dirfd = cgroup_open_dir(parentfd, name);

	return dirfd < 0 ? 0 : thaw_one(dirfd);
}

/* SIGKILL waits in a process that v1 has frozen, by this group or by one below. */
static int thaw_all(int freezerfd)
{
	if (freezerfd < 0)
		return 0;
	if (cgroup_walk(freezerfd, thaw_visit, NULL) < 0 && errno != ENOENT && errno != ENODEV)
		return -1;
	return thaw_one(freezerfd);
}

/* Frozen processes cannot fork, so whoever is listed then is everybody. Where freezing does not
 * succeed, rounds go on until nobody is listed. */
static int kill_frozen(const struct cgroup *g, int freezerfd)
{
	struct cgroup_wait w = cgroup_wait_start(ROUNDS_MS);

	for (;;) {
		bool frozen = freezerfd >= 0 && cgroup_v1_freeze(freezerfd, FREEZE_MS) == 0;
		_cgroup_pids_ struct cgroup_pids pids = { 0 };
		int rc = cgroup_procs(g, true, &pids);

		if (rc == 0)
			rc = signal_all(&pids, SIGKILL);
		if (thaw_all(freezerfd) < 0 || rc < 0)
			return -1;
		if (frozen || !pids.n)
			return 0;
		if (cgroup_wait_nap(&w) < 0)
			return -1;
	}
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* Is a process in the v1 parts that the v2 part does not have, as cgclassify leaves them? Reading
 * v1 first, one that ends in between only costs us the slow way. */
static int v1_has_more(const struct cgroup *g, int v2)
{
	_cgroup_pids_ struct cgroup_pids ours = { 0 }, v2s = { 0 };

	for (int i = 0; i < g->layout->n; i++) {
		if (i != v2 && cgroup_procs_in(g, i, true, &ours) < 0)
			return -1;
	}
	if (!ours.n)
		return 0;
	if (cgroup_procs_in(g, v2, true, &v2s) < 0)
		return -1;
	if (v2s.n)
		qsort(v2s.pid, v2s.n, sizeof(*v2s.pid), by_pid);
	for (size_t i = 0; i < ours.n; i++) {
		if (!v2s.n || !bsearch(&ours.pid[i], v2s.pid, v2s.n, sizeof(*v2s.pid), by_pid))
			return 1;
	}
	return 0;
}

static int kill_all(const struct cgroup *g)
{
	int v2 = g->layout->unified, h = cgroup_hierarchy_of(g->layout, CGROUP_FREEZER), more = 1;
	int freezerfd = h >= 0 && h != v2 ? g->dirfd[h] : -1;

	if (v2 >= 0 && g->dirfd[v2] >= 0) {
		int rc = cgroup_write(g->dirfd[v2], "cgroup.kill", "1");

		/* Processes cannot be killed by the group that some of their threads are in: one
		 * by one, then. */
		if (rc < 0 && errno != EOPNOTSUPP)
			return errno == ENODEV ? 0 : -1;
		if (rc == 0)
			more = cgroup_is_unified(g->layout) ? 0 : v1_has_more(g, v2);
	}
	if (more < 0)
		return -1;
	return more ? kill_frozen(g, freezerfd) : thaw_all(freezerfd);
}

int cgroup_kill(const struct cgroup *g, int sig)
{
	_cgroup_pids_ struct cgroup_pids pids = { 0 };

	/* The root group is every process of the machine. */
	if (!*g->path)
		return set_errno(EINVAL);
	if (sig == SIGKILL)
		return kill_all(g);
	if (cgroup_procs(g, true, &pids) < 0)
		return -1;
	return signal_all(&pids, sig);
}
