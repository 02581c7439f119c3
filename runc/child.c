#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>

#include "lib/dev.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "lib/sock.h"
#include "lib/str.h"
#include "runc/annotations.h"
#include "runc/launch.h"
#include "runc/log.h"
#include "runc/notify.h"
#include "runc/runc.h"
#include "runc/sync.h"

/* The channel, for the sink; later, in a parked child, the fifo that `start` reads. */
static int report_fd = -1;
static bool report_is_fifo;

static void report(const char *level, const char *msg)
{
	enum sync_type type = level[0] == 'e' ? SYNC_ERROR : SYNC_WARNING;

	if (level[0] == 'd')
		return;
	if (report_is_fifo ? io_puts(report_fd, msg) : sync_send(report_fd, type, msg))
		_exit(1);
}

/* Whoever makes us may be killed at any moment, and must not leave us behind. */
static void die_with_parent(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		die("set the parent-death signal");
}

void child_begin(const struct launch *l)
{
	report_fd = l->syncfd;
	die_cleanup(NULL);
	die_status(1);
	die_to(report);
	log_close();
	die_with_parent();
	sched_start(l);
	if (cgroup_join_tasks(&l->join))
		die("join cgroup '%s'", l->group.path);
}

/* From here on nothing of the host stays open but what we still need: the container's processes may
 * see us (CVE-2016-9962, CVE-2024-21626). */
void child_close_host(const struct launch *l)
{
	int keep[] = { l->syncfd, l->fifofd, l->procfd, l->console_sockfd, l->pidfd_sockfd };
	int from = 3 + l->keep_fds;

	for (;;) {
		int next = INT_MAX;

		for (size_t i = 0; i < ARRAY_LEN(keep); i++) {
			if (keep[i] >= from && keep[i] < next)
				next = keep[i];
		}
		if (next > from && close_range((unsigned int)from, (unsigned int)next - 1, 0))
			die("close the host's descriptors");
		if (next == INT_MAX)
			return;
		from = next + 1;
	}
}

/* The host's /dev/null is a way to the host's file system; the container has one of its own. */
static void reopen_null(void)
{
	_close_ int nullfd = -1;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (!dev_is(fd, &dev_defaults[0]))
			continue;
		if (nullfd < 0)
			nullfd = open("/dev/null", O_RDWR | O_CLOEXEC);
		/* A container may have no /dev at all. */
		if (nullfd < 0 || !dev_is(nullfd, &dev_defaults[0]))
			return;
		if (fd_install(nullfd, fd))
			die("open '/dev/null' again");
	}
}

/* In a new user namespace we are nobody until the maps are written. */
static void become_mapped_root(const struct launch *l)
{
	if (l->exec || !spec_is_new(l->spec, CLONE_NEWUSER))
		return;
	sync_expect(l->syncfd, SYNC_MAPPED);
	if (setgid(0) || setuid(0))
		die("become root of the user namespace");
	/* EPERM: setgroups is denied in it. */
	if (!annotation_is_on(l->spec, ANNOTATION_KEEP_GROUPS) && setgroups(0, NULL) &&
	    errno != EPERM)
		die("drop supplementary groups");
	if (prctl(PR_SET_DUMPABLE, 0))
		die("become undumpable");
	die_with_parent();
}

/* A session keyring of its own, so that the caller's keys stay out of reach. */
static void new_keyring(const struct launch *l)
{
	_free_ char *name = xasprintf("_ses.%s", l->container->id);
	long id;

	if (l->no_new_keyring)
		return;
	id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
	if (id < 0 && errno != ENOSYS && errno != EPERM && errno != EDQUOT)
		die("join a session keyring");
	/* The container's user may look for its keys: KEY_USR_SEARCH. */
	if (id >= 0)
		syscall(SYS_keyctl, KEYCTL_SETPERM, id, 0x3f3f0000 | 0x00080000);
}

/* Another's namespace, joined by path, is already complete when the parent asks. */
static void take_interfaces(const struct launch *l)
{
	if (!l->spec->linux_->n_netDevices)
		return;
	if (sync_send(l->syncfd, SYNC_NETNS, ""))
		_exit(1);
	sync_expect(l->syncfd, SYNC_MOVED);
}

static void set_names(const struct launch *l)
{
	const struct spec *s = l->spec;

	if (s->hostname && *s->hostname && sethostname(s->hostname, strlen(s->hostname)))
		die("set hostname '%s'", s->hostname);
	if (s->domainname && *s->domainname && setdomainname(s->domainname, strlen(s->domainname)))
		die("set domainname '%s'", s->domainname);
}

/* For labels, sysctls and the start fifo. Making one is not cheap, and giving up one that was never
 * attached waits for RCU. */
static bool needs_proc(const struct launch *l)
{
	const struct spec_process *p = l->process;

	return l->fifofd >= 0 || (!l->exec && l->spec->linux_->sysctl.n) ||
	       (p->apparmorProfile && *p->apparmorProfile) || (p->selinuxLabel && *p->selinuxLabel);
}

/* Our own proc, seen by nobody: what is written and read in /proc goes through it, whatever the
 * image or a volume put over the container's (CVE-2019-16884, CVE-2025-52881). */
static void open_proc(struct launch *l)
{
	struct mnt_opts o = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	struct statfs fs;

	if (l->procfd >= 0 || !needs_proc(l))
		return;
	l->procfd = mnt_new("proc", "proc", &o, NULL);
	/* Not the owner of the pid namespace: then the one that is there has to do. */
	if (l->procfd < 0 && errno == EPERM)
		l->procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->procfd < 0 || fstatfs(l->procfd, &fs))
		die("open a private '/proc'");
	if (fs.f_type != PROC_SUPER_MAGIC)
		diex("what is mounted on '/proc' is no proc");
}

static void runtime_hooks(const struct launch *l)
{
	const struct spec_hooks *h = l->spec->hooks;
	_buf_ struct buf state = { 0 }, why = { 0 };

	if (!h)
		return;
	if (h->prestart.n || h->createRuntime.n) {
		if (sync_send(l->syncfd, SYNC_MOUNTED, ""))
			_exit(1);
		sync_expect(l->syncfd, SYNC_HOOKED);
	}
	l->container->init_process_pid = getpid();
	container_emit(l->container, STATUS_CREATING, false, 0, &state);
	if (hooks_run("createContainer", &h->createContainer, buf_str(&state), NULL, &why))
		diex("%s", buf_str(&why));
}

static void start_hooks(const struct launch *l)
{
	const struct spec_hooks *h = l->spec->hooks;
	_buf_ struct buf state = { 0 }, why = { 0 };

	if (l->exec || !h || !h->startContainer.n)
		return;
	l->container->init_process_pid = getpid();
	container_emit(l->container, STATUS_CREATED, false, 0, &state);
	if (hooks_run("startContainer", &h->startContainer, buf_str(&state), l->env.v, &why))
		diex("%s", buf_str(&why));
}

/* The working directory is made where it is missing, while the root can be written to. What goes
 * wrong, chdir says. */
static void make_cwd(const struct launch *l, int rootfd)
{
	if (str_eq(l->process->cwd, "/"))
		return;

	_close_ int fd = target_open(rootfd, l->process->cwd, true);

	if (fd < 0)
		debug("make '%s': %s", l->process->cwd, strerror(errno));
}

static void build_root(struct launch *l)
{
	mode_t mask = umask(0);
	_close_ int rootfd = rootfs_build(l);

	open_proc(l);
	notify_attach(l, rootfd);
	devices_make(l, rootfd);
	umask(mask);
	runtime_hooks(l);
	umask(0);
	if (l->process->terminal)
		console_open(l, rootfd);
	make_cwd(l, rootfd);
	umask(mask);
	sysctl_apply(l);
	masks_apply(l, rootfd);
	mount_finish();
	rootfs_switch(l, rootfd);
}

/* exec: the root is init's; whoever made us went there. */
static void use_root(struct launch *l)
{
	_close_ int rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (rootfd < 0)
		die("open '/'");
	open_proc(l);
	if (l->process->terminal)
		console_open(l, rootfd);
}

static void send_pidfd(const struct launch *l)
{
	const char *name = l->exec ? "setns" : "standard";

	if (l->pidfd_sockfd < 0)
		return;

	_close_ int fd = proc_pidfd_open(getpid());

	if (fd < 0 || sock_send_fds(l->pidfd_sockfd, name, strlen(name), &fd, 1))
		die("send a pidfd");
}

static void load_seccomp(const struct launch *l)
{
	char number[16];
	int fd;

	if (!l->has_seccomp)
		return;
	fd = seccomp_install(&l->seccomp);
	if (fd < 0)
		die("load linux.seccomp");
	if (!l->listener_path)
		return;
	snprintf(number, sizeof(number), "%d", fd);
	if (sync_send(l->syncfd, SYNC_LISTENER, number))
		_exit(1);
	sync_expect(l->syncfd, SYNC_TAKEN);
	close(fd);
}

/* Parked, there is nobody left to tell that the fifo cannot be opened, for too low a limit of open
 * files say: try it while there is. */
static void check_fifo(const struct launch *l)
{
	char link[32];
	int fd;

	if (!l->parked)
		return;
	snprintf(link, sizeof(link), "self/fd/%d", l->fifofd);
	fd = openat(l->procfd, link, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	/* ENXIO: nobody reads yet. */
	if (fd < 0 && errno != ENXIO)
		die("open the start fifo");
	close_fd(&fd);
}

/* Block until `start` opens the fifo for reading. It learns of our execve by the end of the file,
 * and of a failure by what we write there. */
static void wait_for_start(const struct launch *l)
{
	char link[32];
	int fd;

	snprintf(link, sizeof(link), "self/fd/%d", l->fifofd);
	do {
		fd = openat(l->procfd, link, O_WRONLY | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0 || io_puts(fd, "0"))
		_exit(1);
	report_fd = fd;
	report_is_fifo = true;
}

void child_main(struct launch *l)
{
	const struct spec_process *p = l->process;

	die_with_parent();
	if (setsid() < 0 && errno != EPERM)
		die("start a session");
	become_mapped_root(l);
	new_keyring(l);
	if (!l->exec) {
		if (l->late)
			prepare_mounts(l);
		namespaces_join(l);
		namespaces_unshare(l);
		take_interfaces(l);
		set_names(l);
		build_root(l);
	} else {
		use_root(l);
	}
	send_pidfd(l);
	child_close_host(l);
	reopen_null();
	sched_apply(l);
	rlimits_set(p);
	lsm_apply(l);
	if (p->noNewPrivileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("set process.noNewPrivileges");
	if (!p->noNewPrivileges)
		load_seccomp(l);
	user_become(l);

	_free_ char *program = program_find(p->args[0], l->env.v);

	proc_default_signals(l->ignored_signals);
	if (prctl(PR_SET_PDEATHSIG, 0))
		die("clear the parent-death signal");
	check_fifo(l);
	if (p->noNewPrivileges)
		load_seccomp(l);
	if (sync_send(l->syncfd, SYNC_READY, ""))
		_exit(1);
	if (launch_is_awaited(l))
		sync_expect(l->syncfd, SYNC_GO);
	if (l->parked) {
		close(l->syncfd);
		wait_for_start(l);
	}
	start_hooks(l);
	execve(program, p->args, l->env.v);
	die("exec %s", program);
}
