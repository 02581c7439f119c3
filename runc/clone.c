#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/ns.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/sys.h"
#include "runc/hear.h"
#include "runc/launch.h"
#include "runc/sync.h"

static int clone_flags(const struct launch *l)
{
	static const int early[] = { CLONE_NEWPID, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC,
				     CLONE_NEWUSER };
	int flags = 0;

	for (size_t i = 0; !l->exec && i < ARRAY_LEN(early); i++) {
		if (spec_is_new(l->spec, early[i]))
			flags |= early[i];
	}
	return flags;
}

static pid_t clone_child(struct launch *l, int flags, bool as_sibling)
{
	struct clone_args args = {
		.flags = (uint64_t)(unsigned int)flags,
		.exit_signal = as_sibling ? 0 : SIGCHLD,
	};

	if (as_sibling) {
		args.flags |= CLONE_PARENT;
	} else {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uint64_t)(uintptr_t)&l->pidfd;
		if (l->cgroup_fd >= 0) {
			args.flags |= CLONE_INTO_CGROUP;
			args.cgroup = (uint64_t)l->cgroup_fd;
		}
	}
	return sys_clone3(&args, sizeof(args));
}

/* On v2 a container that has made groups of its own and hands controllers to them has no room for a
 * process beside them (EBUSY): go where its init went. */
static bool follow_init(struct launch *l)
{
	struct cgroup g;

	if (cgroup_open_pid(&g, &l->layout, (pid_t)l->container->init_process_pid))
		return false;
	cgroup_close(&l->group);
	l->group = g;
	l->cgroup_fd = g.dirfd[l->layout.unified];
	return true;
}

/* A stage that was quick is on its way out as well, but of its own will. */
static bool was_killed(const struct launch *l, pid_t pid)
{
	siginfo_t end = { 0 };

	return cgroup_killed_at_birth(pid) &&
	       !waitid(P_PIDFD, (id_t)l->pidfd, &end, WEXITED | WNOWAIT) &&
	       end.si_code == CLD_KILLED;
}

/* The child is born in the group, or, where the kernel does not let it live, moves there before it
 * does anything: a cgroup namespace takes its root from where its maker is. */
static pid_t clone_into_group(struct launch *l, int flags)
{
	pid_t pid = clone_child(l, flags, false);

	if (pid < 0 && errno == EBUSY && l->exec && l->cgroup_fd >= 0 && follow_init(l))
		pid = clone_child(l, flags, false);
	if (pid <= 0 || l->cgroup_fd < 0 || !was_killed(l, pid))
		return pid;
	waitid(P_PIDFD, (id_t)l->pidfd, NULL, WEXITED);
	close(l->pidfd);
	l->cgroup_fd = -1;
	pid = clone_child(l, flags, false);
	if (!pid && cgroup_move(&l->group, 0))
		_exit(1);
	return pid;
}

static void write_offset(int fd, const char *clock, const struct spec_time_offset *o)
{
	if (o && dprintf(fd, "%s %lld %u\n", clock, (long long)o->secs, o->nanosecs) < 0)
		die("write 'timens_offsets'");
}

/* A time namespace is entered by children; its offsets must stand before the first one is born. */
static void make_timens(const struct launch *l)
{
	const struct spec_time_offsets *o = l->spec->linux_->timeOffsets;

	if (unshare(CLONE_NEWTIME))
		die("make time namespace");
	if (!o)
		return;

	_close_ int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		die("open 'timens_offsets'");
	write_offset(fd, "monotonic", o->monotonic);
	write_offset(fd, "boottime", o->boottime);
}

/* A joined user namespace, and a process in a running container, need a process in between: it
 * joins, and only then is the one that stays born, so that it never is in there with anything of
 * the host. */
static bool needs_stage(const struct launch *l)
{
	return l->exec ||
	       (spec_namespace(l->spec, CLONE_NEWUSER) && !spec_is_new(l->spec, CLONE_NEWUSER));
}

_noreturn_ static void stage_main(struct launch *l)
{
	char text[16];
	pid_t pid;

	rlimits_raise(l->process, 0);
	/* In there we would not be allowed to write its offsets. */
	if (!l->exec && spec_is_new(l->spec, CLONE_NEWTIME))
		make_timens(l);
	namespaces_join(l);
	for (size_t i = 0; i < NS_TYPES; i++) {
		close_fd(&l->nsfd[i]);
		l->nsfd[i] = -1;
	}
	/* A new container still has its mounts to attach. */
	if (l->exec) {
		if (fchdir(l->rootfs_treefd) || chroot("."))
			die("enter the root of container '%s'", l->container->id);
		child_close_host(l);
	}
	if (setgid(0) || setuid(0))
		die("become root of the user namespace");
	pid = clone_child(l, clone_flags(l), true);
	if (pid < 0)
		die("clone the process of the container");
	if (!pid)
		child_main(l);
	snprintf(text, sizeof(text), "%d", (int)pid);
	/* One that nobody hears of must not stay; the parent is told by our end. */
	if (!sync_send(l->syncfd, SYNC_PID, text))
		_exit(0);
	kill(pid, SIGKILL);
	_exit(1);
}

/* Namespaces that only children enter, or that a child in a new user namespace may not enter any
 * more: the parent goes there for the clone, and comes back. */
static bool needs_detour(const struct launch *l, size_t i)
{
	int flag = ns_types[i].flag;

	if (needs_stage(l) || flag == CLONE_NEWNS)
		return false;
	if (l->nsfd[i] < 0)
		return flag == CLONE_NEWTIME && spec_is_new(l->spec, flag);
	return flag == CLONE_NEWPID || flag == CLONE_NEWTIME || spec_is_new(l->spec, CLONE_NEWUSER);
}

static void detour_out(struct launch *l, int backfd[NS_TYPES])
{
	for (size_t i = 0; i < NS_TYPES; i++) {
		backfd[i] = -1;
		if (!needs_detour(l, i))
			continue;
		backfd[i] = ns_open_pid(0, ns_types[i].flag);
		if (backfd[i] < 0)
			die("open our %s namespace", ns_types[i].spec);
		if (l->nsfd[i] < 0)
			make_timens(l);
		else if (setns(l->nsfd[i], ns_types[i].flag))
			die("join %s namespace", ns_types[i].spec);
		close_fd(&l->nsfd[i]);
		l->nsfd[i] = -1;
	}
}

static void detour_back(const int backfd[NS_TYPES])
{
	for (size_t i = 0; i < NS_TYPES; i++) {
		if (backfd[i] >= 0 && setns(backfd[i], ns_types[i].flag))
			die("leave %s namespace", ns_types[i].spec);
		close_fd(&backfd[i]);
	}
}

void clone_start(struct launch *l)
{
	int ends[2], backfd[NS_TYPES];

	if (sync_pair(ends))
		die("make a socket pair");
	detour_out(l, backfd);
	l->pid = clone_into_group(l, needs_stage(l) ? 0 : clone_flags(l));
	if (!l->pid) {
		close(ends[0]);
		l->syncfd = ends[1];
		child_begin(l);
		if (needs_stage(l))
			stage_main(l);
		child_main(l);
	}
	if (l->pid < 0)
		die("clone the process of the container");
	close(ends[1]);
	l->syncfd = ends[0];
	detour_back(backfd);
	if (needs_stage(l))
		hear_stage(l);
}
