#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cgroup_private.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { ENABLE_PATIENCE_MS = 20 };

/* Going down one path in one hierarchy. */
struct descent {
	int dirfd; /* the group reached so far; ROOTFD at first, which is borrowed */
	int rootfd;
	size_t made_from; /* offset in the path of the first component made, or SIZE_MAX */
	bool unified, cpuset;
	bool threaded; /* the last component is to be */
};

/* The controllers that count threads. */
static const char *const threaded_controllers[] = { "cpu", "cpuset", "perf_event", "pids", NULL };

/* EBUSY right after a process went to a child passes in a moment; EBUSY for a group that has
 * processes itself stays, and shows when a limit's file is missing. */
static int write_patiently(int dirfd, const char *file, const char *value, int timeout_ms)
{
	struct cgroup_wait w = cgroup_wait_start(timeout_ms);
	int rc;

	while ((rc = cgroup_write(dirfd, file, value)) < 0 && errno == EBUSY) {
		if (cgroup_wait_nap(&w) < 0)
			return set_errno(EBUSY);
	}
	return rc;
}

/* The controllers in HAVE that ENABLED lacks, "+name" each; only those of threads if THREADED. */
static void list_missing(struct strv *out, const char *have, const char *enabled, bool threaded)
{
	_strv_ struct strv all = { 0 }, on = { 0 };

	strv_split(&all, have, ' ');
	strv_split(&on, enabled, ' ');
	for (size_t i = 0; i < all.n; i++) {
		if (threaded &&
		    strv_index((char *const *)(uintptr_t)threaded_controllers, all.v[i]) < 0)
			continue;
		if (*all.v[i] && strv_index(on.v, all.v[i]) < 0)
			strv_take(out, xasprintf("+%s", all.v[i]));
	}
}

/* Hand every controller of a v2 group to its children: all at once, else those that can be had. A
 * controller that cannot is no failure here: only a limit asked of it is. */
static void enable_controllers(int dirfd, bool threaded)
{
	_buf_ struct buf have = { 0 }, enabled = { 0 }, all = { 0 };
	_strv_ struct strv missing = { 0 };

	if (cgroup_read(dirfd, "cgroup.controllers", &have) < 0 ||
	    cgroup_read(dirfd, "cgroup.subtree_control", &enabled) < 0)
		return;
	list_missing(&missing, buf_str(&have), buf_str(&enabled), threaded);
	for (size_t i = 0; i < missing.n; i++)
		buf_addf(&all, "%s%s", i ? " " : "", missing.v[i]);
	if (!missing.n ||
	    write_patiently(dirfd, "cgroup.subtree_control", all.data, ENABLE_PATIENCE_MS) == 0)
		return;
	for (size_t i = 0; i < missing.n; i++)
		write_patiently(dirfd, "cgroup.subtree_control", missing.v[i], 0);
}

/* A new v1 cpuset has no CPUs and takes no process (ENOSPC) until it is given its parent's. What
 * one that is not FRESH has already stays. */
static int inherit(int parentfd, int dirfd, const char *file, bool fresh)
{
	_buf_ struct buf own = { 0 }, parents = { 0 };

	if (!fresh && (cgroup_read(dirfd, file, &own) < 0 || own.len))
		return own.len ? 0 : -1;
	if (cgroup_read(parentfd, file, &parents) < 0)
		return -1;
	return parents.len ? cgroup_write(dirfd, file, parents.data) : 0;
}

static int fill_cpuset(int parentfd, int dirfd, bool fresh)
{
	static const char *const names[][2] = { { "cpuset.cpus", "cpus" },
						{ "cpuset.mems", "mems" } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int rc = inherit(parentfd, dirfd, names[i][0], fresh);

		/* Without the prefix on a mount with -o noprefix, as Android has it. */
		if (rc < 0 && errno == ENOENT)
			rc = inherit(parentfd, dirfd, names[i][1], fresh);
		if (rc < 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

static void leave(struct descent *d)
{
	if (d->dirfd != d->rootfd)
		close_fd(&d->dirfd);
	d->dirfd = -1;
}

/* A group below a threaded one is of no use (EOPNOTSUPP) until it is made threaded, too. */
static int make_threaded(int dirfd, bool wanted)
{
	_buf_ struct buf type = { 0 };

	/* A plain tree, as tests have it, or Linux before 4.14: all are domains. */
	if (cgroup_read(dirfd, "cgroup.type", &type) < 0)
		return wanted ? set_errno(EOPNOTSUPP) : 0;
	if (str_eq(buf_str(&type), "threaded") ||
	    (!wanted && !str_eq(buf_str(&type), "domain invalid")))
		return 0;
	return cgroup_write(dirfd, "cgroup.type", "threaded");
}

static int prepare(const struct descent *d, int childfd, bool threaded, bool made)
{
	/* What is right below the root is a domain. */
	bool may_be_threaded = made && d->dirfd != d->rootfd;

	if (d->cpuset && fill_cpuset(d->dirfd, childfd, made) < 0)
		return -1;
	return d->unified && (may_be_threaded || threaded) ? make_threaded(childfd, threaded) : 0;
}

/* One component down. Returns 1 when it was made, 0 when it was there. */
static int enter(struct descent *d, const char *name, bool threaded)
{
	_close_ int childfd = -1;
	bool made;

	if (d->unified)
		enable_controllers(d->dirfd, threaded);
	made = !mkdirat(d->dirfd, name, 0755);
	if (!made && errno != EEXIST)
		return -1;
	childfd = cgroup_open_dir(d->dirfd, name);
	if (childfd < 0 || prepare(d, childfd, threaded, made) < 0) {
		int saved = errno;

		if (made)
			unlinkat(d->dirfd, name, AT_REMOVEDIR);
		return set_errno(saved);
	}
	leave(d);
	d->dirfd = steal_fd(&childfd);
	return made;
}

static int descend(struct descent *d, const char *path, bool exclusive)
{
	for (size_t at = 0; path[at];) {
		size_t len = strcspn(path + at, "/");
		_free_ char *name = xmemdup0(path + at, len);
		bool last = !path[at + len];
		int made = enter(d, name, last && d->threaded);

		if (made < 0)
			return -1;
		if (made && d->made_from == SIZE_MAX)
			d->made_from = at;
		if (!made && last && exclusive)
			return set_errno(EEXIST);
		at += len + !last;
	}
	return 0;
}

/* Remove what descend made, from the deepest; what has been put to use meanwhile stays. */
static void undo(const struct cgroup_layout *l, int h, const char *path, size_t made_from)
{
	_free_ char *p = xstrdup(path);
	int saved = errno;

	while (made_from != SIZE_MAX && strlen(p) > made_from) {
		char *slash = strrchr(p, '/');
		_close_ int parentfd = -1;

		if (slash)
			*slash = '\0';
		parentfd = cgroup_open_dir(l->at[h].dirfd, slash ? p : "");
		if (parentfd >= 0)
			unlinkat(parentfd, slash ? slash + 1 : p, AT_REMOVEDIR);
		if (!slash)
			break;
	}
	errno = saved;
}

static int create_in(struct cgroup *g, int h, bool exclusive, bool threaded, size_t *made_from)
{
	const struct cgroup_hierarchy *at = &g->layout->at[h];
	struct descent d = {
		.dirfd = *g->path ? at->dirfd : cgroup_open_dir(at->dirfd, ""),
		.rootfd = *g->path ? at->dirfd : -1,
		.made_from = SIZE_MAX,
		.unified = at->unified,
		.threaded = threaded,
		.cpuset = !at->unified && at->controllers >> CGROUP_CPUSET & 1,
	};
	int rc = d.dirfd < 0 ? -1 : descend(&d, g->path, exclusive);

	*made_from = d.made_from;
	if (rc == 0)
		g->dirfd[h] = steal_fd(&d.dirfd);
	leave(&d);
	return rc;
}

static int create(struct cgroup *g, const struct cgroup_layout *l, const char *path, bool exclusive,
		  bool threaded)
{
	size_t made_from[CGROUP_HIERARCHIES];
	int i, rc = 0;

	if (cgroup_start(g, l, path) < 0)
		return -1;
	if (exclusive && !*g->path) {
		cgroup_close(g);
		return set_errno(EEXIST);
	}
	for (i = 0; i < l->n && rc == 0; i++)
		rc = create_in(g, i, exclusive, threaded, &made_from[i]);
	if (rc == 0)
		return 0;
	while (i-- > 0)
		undo(l, i, g->path, made_from[i]);
	cgroup_close(g);
	return -1;
}

int cgroup_create(struct cgroup *g, const struct cgroup_layout *l, const char *path, bool exclusive)
{
	return create(g, l, path, exclusive, false);
}

int cgroup_create_threaded(struct cgroup *g, const struct cgroup_layout *l, const char *path,
			   bool exclusive)
{
	return create(g, l, path, exclusive, true);
}
