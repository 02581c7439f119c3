#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "lib/cgroup.h"
#include "lib/die.h"
#include "lib/path.h"
#include "lib/proc.h"
#include "runc/group.h"
#include "runc/rdt.h"
#include "runc/runc.h"
#include "runc/scope.h"

/* As long as runc's delete waits for a killed init. */
enum { KILL_MS = 10000 };

static int signal_init(int pidfd)
{
	return proc_pidfd_signal(pidfd, SIGKILL) && errno != ESRCH ? -1 : 0;
}

static int wait_gone(int pidfd)
{
	struct pollfd gone = { .fd = pidfd, .events = POLLIN };
	int n;

	do {
		n = poll(&gone, 1, KILL_MS);
	} while (n < 0 && errno == EINTR);
	return n ? (n < 0 ? -1 : 0) : set_errno(ETIMEDOUT);
}

/* Everybody in the group dies, which is more than init where they share a process namespace or
 * where a create died before it could write down who init is. */
static int remove_group(const struct container *c)
{
	const struct cgroup_layout *layout;

	if (!c->cgroup || !*c->cgroup)
		return 0;
	layout = group_layout();
	if (!layout)
		return errno == ENOENT ? 0 : -1;
	return cgroup_destroy(layout, c->cgroup, KILL_MS);
}

static int remove_record(const struct container *c)
{
	_close_ int rootfd = open(runc_globals.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (rootfd < 0)
		return errno == ENOENT ? 0 : -1;
	return path_remove_tree(rootfd, c->id);
}

/* Init first and by its descriptor; it cannot be missed even where cgroups are not ours to use. The
 * record goes last: while it is there, a delete that failed or was killed can be repeated. */
int container_destroy(struct container *c)
{
	_close_ int pidfd = container_pidfd(c);
	char why[DECODE_WHY_MAX];
	_spec_ struct spec spec = { 0 };
	_buf_ struct buf complaint = { 0 };
	bool has_spec;

	if (pidfd < 0 ? errno != ESRCH : signal_init(pidfd))
		return -1;
	if (remove_group(c) && !c->rootless)
		return -1;
	/* A unit whose group is gone ends by itself, but not at once, and may stay as failed. */
	if (scope_stop(c, &complaint))
		warnx("%s", buf_str(&complaint));
	if (pidfd >= 0 && wait_gone(pidfd))
		return -1;
	if (rdt_remove(c))
		return -1;
	has_spec = !c->no_poststop && !container_spec(c, &spec, why);
	if (!c->no_poststop && !has_spec && errno != ENOENT)
		warnx("container '%s': no poststop hooks: config.json: %s", c->id,
		      *why ? why : strerror(errno));
	if (remove_record(c))
		return -1;
	if (has_spec)
		hooks_run_poststop(c, &spec);
	return 0;
}
