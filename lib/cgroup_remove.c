#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "lib/cgroup_private.h"
#include "lib/mem.h"
#include "lib/str.h"

static int remove_one(int parentfd, const char *name)
{
	if (!unlinkat(parentfd, name, AT_REMOVEDIR) || errno == ENOENT || errno == ENODEV)
		return 0;
	return -1;
}

/* A busy group does not keep its siblings from going; the leaf's own rmdir tells in the end. */
static int visit(int parentfd, const char *name, _unused_ void *arg)
{
	remove_one(parentfd, name);
	return 0;
}

/* One attempt: the group itself, then, when something is left in it, what is below first. */
static int try_remove(int parentfd, const char *name)
{
	_close_ int dirfd = -1;

	if (remove_one(parentfd, name) == 0)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -1;
	dirfd = cgroup_open_dir(parentfd, name);
	if (dirfd >= 0)
		cgroup_walk(dirfd, visit, NULL);
	return remove_one(parentfd, name);
}

/* Processes that were killed leave within milliseconds. */
static int remove_in(int rootfd, const char *parent, const char *name, struct cgroup_wait *w)
{
	_close_ int openedfd = *parent ? cgroup_open_dir(rootfd, parent) : -1;
	int parentfd = *parent ? openedfd : rootfd;
	int rc;

	if (parentfd < 0)
		return errno == ENOENT ? 0 : -1;
	while ((rc = try_remove(parentfd, name)) < 0 && errno == EBUSY) {
		if (cgroup_wait_nap(w) < 0)
			return set_errno(EBUSY);
	}
	return rc;
}

int cgroup_remove(const struct cgroup_layout *l, const char *path, int timeout_ms)
{
	_free_ char *parent = cgroup_canonical(path);
	struct cgroup_wait w = cgroup_wait_start(timeout_ms);
	int failed = 0;
	char *slash;

	if (!parent)
		return -1;
	if (!*parent)
		return set_errno(EINVAL);
	slash = strrchr(parent, '/');
	if (slash)
		*slash = '\0';
	/* All hierarchies are tried: the more is gone, the less the next attempt has to do. */
	for (int i = 0; i < l->n; i++) {
		if (remove_in(l->at[i].dirfd, slash ? parent : "", slash ? slash + 1 : parent, &w) <
		    0)
			failed = errno;
	}
	return failed ? set_errno(failed) : 0;
}

static int kill_in(const struct cgroup_layout *l, const char *path)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;

	if (cgroup_open(&g, l, path) < 0)
		return errno == ENOENT ? 0 : -1;
	return cgroup_kill(&g, SIGKILL);
}

int cgroup_destroy(const struct cgroup_layout *l, const char *path, int timeout_ms)
{
	enum { ROUND_MS = 50 };
	struct cgroup_wait w = cgroup_wait_start(timeout_ms);
	int rc = cgroup_remove(l, path, 0);

	while (rc < 0 && errno == EBUSY) {
		if (kill_in(l, path) < 0)
			return -1;
		rc = cgroup_remove(l, path, ROUND_MS);
		if (rc < 0 && errno == EBUSY && cgroup_wait_nap(&w) < 0)
			return set_errno(EBUSY);
	}
	return rc;
}
