#include <string.h>

#include "lib/cgroup_private.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { TRIES_TO_THAW = 50 };

/* Directories of the two freezers of a group; -1 where there is none. The root group has none. */
struct freezers {
	int v1, v2;
};

static struct freezers find(const struct cgroup *g)
{
	struct freezers f = { -1, -1 };
	int h = cgroup_hierarchy_of(g->layout, CGROUP_FREEZER);

	if (!*g->path)
		return f;
	if (h >= 0 && !g->layout->at[h].unified)
		f.v1 = g->dirfd[h];
	if (g->layout->unified >= 0)
		f.v2 = g->dirfd[g->layout->unified];
	return f;
}

static int v1_state(int dirfd, struct buf *state)
{
	buf_reset(state);
	return cgroup_read(dirfd, "freezer.state", state);
}

/* A process in the middle of a fork can keep a v1 group FREEZING for ever: let it run a moment,
 * start over. */
int cgroup_v1_freeze(int dirfd, int timeout_ms)
{
	struct cgroup_wait w = cgroup_wait_start(timeout_ms);
	_buf_ struct buf state = { 0 };

	for (int tries = 1;; tries++) {
		if (tries % TRIES_TO_THAW == 0 &&
		    cgroup_write(dirfd, "freezer.state", "THAWED") < 0)
			return -1;
		if (cgroup_write(dirfd, "freezer.state", "FROZEN") < 0 ||
		    v1_state(dirfd, &state) < 0)
			return -1;
		if (str_eq(buf_str(&state), "FROZEN"))
			return 0;
		if (cgroup_wait_nap(&w) < 0)
			return -1;
	}
}

static int v1_thaw(int dirfd)
{
	_buf_ struct buf state = { 0 };

	if (cgroup_write(dirfd, "freezer.state", "THAWED") < 0 || v1_state(dirfd, &state) < 0)
		return -1;
	/* What is left then is an ancestor's doing. */
	return str_eq(buf_str(&state), "THAWED") ? 0 : set_errno(EBUSY);
}

static int v2_wait(int dirfd, uint64_t wanted, int timeout_ms)
{
	struct cgroup_wait w = cgroup_wait_start(timeout_ms);
	uint64_t frozen;

	for (;;) {
		if (cgroup_read_key(dirfd, "cgroup.events", "frozen", &frozen) < 0)
			return -1;
		if (frozen == wanted)
			return 0;
		if (cgroup_wait_nap(&w) < 0)
			return -1;
	}
}

/* An empty or hybrid group may have its processes in v1 only: then v2's freezer would stop nobody.
 */
static bool use_v2(const struct freezers *f)
{
	uint64_t populated;

	if (f->v2 < 0 || f->v1 < 0)
		return f->v2 >= 0;
	return cgroup_read_key(f->v2, "cgroup.events", "populated", &populated) == 0 && populated;
}

static int freeze(const struct freezers *f, int timeout_ms)
{
	if (!use_v2(f))
		return cgroup_v1_freeze(f->v1, timeout_ms);
	if (cgroup_write(f->v2, "cgroup.freeze", "1") < 0)
		return -1;
	return v2_wait(f->v2, 1, timeout_ms);
}

int cgroup_freeze(const struct cgroup *g, int timeout_ms)
{
	struct freezers f = find(g);
	int saved;

	if (f.v1 < 0 && f.v2 < 0)
		return set_errno(EOPNOTSUPP);
	if (freeze(&f, timeout_ms) == 0)
		return 0;
	saved = errno;
	cgroup_thaw(g, 0);
	return set_errno(saved);
}

/* Is a group above G told to be frozen? The root group cannot be. */
static bool v2_frozen_above(const struct cgroup *g)
{
	int rootfd = g->layout->at[g->layout->unified].dirfd;
	_free_ char *path = xstrdup(g->path);
	char *slash;

	while ((slash = strrchr(path, '/'))) {
		_close_ int dirfd = -1;
		uint64_t frozen;

		*slash = '\0';
		dirfd = cgroup_open_dir(rootfd, path);
		if (dirfd >= 0 && cgroup_read_u64(dirfd, "cgroup.freeze", &frozen) == 0 && frozen)
			return true;
	}
	return false;
}

int cgroup_thaw(const struct cgroup *g, int timeout_ms)
{
	struct freezers f = find(g);

	if (f.v1 < 0 && f.v2 < 0)
		return set_errno(EOPNOTSUPP);
	if (f.v1 >= 0 && v1_thaw(f.v1) < 0)
		return -1;
	if (f.v2 < 0)
		return 0;
	if (cgroup_write(f.v2, "cgroup.freeze", "0") < 0)
		return -1;
	if (v2_frozen_above(g))
		return set_errno(EBUSY);
	return v2_wait(f.v2, 0, timeout_ms);
}

int cgroup_is_frozen(const struct cgroup *g)
{
	struct freezers f = find(g);
	_buf_ struct buf state = { 0 };
	uint64_t frozen = 0;

	if (f.v1 >= 0 && v1_state(f.v1, &state) < 0)
		return -1;
	if (state.len && !str_eq(state.data, "THAWED"))
		return 1;
	if (f.v2 < 0)
		return 0;
	if (cgroup_read_u64(f.v2, "cgroup.freeze", &frozen) < 0)
		return -1;
	if (!frozen && cgroup_read_key(f.v2, "cgroup.events", "frozen", &frozen) < 0)
		return -1;
	return frozen != 0;
}
