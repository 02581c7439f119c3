/* runc restore - make a container again from what checkpoint made of it. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/ns.h"
#include "lib/proc.h"
#include "lib/sock.h"
#include "runc/annotations.h"
#include "runc/criu_mounts.h"
#include "runc/foreground.h"
#include "runc/launch.h"
#include "runc/log.h"
#include "runc/make.h"
#include "runc/rdt.h"
#include "runc/runc.h"

#define CRIU_ROOT_DIR "criu-root"
enum { DESCRIPTORS_MAX = 1 << 16, CGROUP_FILE_MAX = 1 << 16 };

static struct criu_options options;
static struct make_options make;
static const char *lsm_profile, *lsm_mount_context;
static bool detach, tcp_close;

static const struct opt opts[] = {
	CRIU_OPTIONS(options),
	{ 'b', "bundle", OPT_STR, &make.bundle, "DIR", "the bundle's directory (.)" },
	{ 0, "console-socket", OPT_STR, &make.console_socket, "PATH",
	  "send the terminal's master to this socket" },
	{ 0, "pid-file", OPT_STR, &make.pid_file, "FILE", "write init's pid there" },
	{ 'd', "detach", OPT_FLAG, &detach, NULL, "return once the container runs" },
	{ 0, "no-subreaper", OPT_FLAG, &make.no_subreaper, NULL, "do not adopt orphans" },
	{ 0, "no-pivot", OPT_FLAG, &make.no_pivot, NULL, "understood: the root is criu's to make" },
	{ 0, "tcp-close", OPT_FLAG, &tcp_close, NULL, "with TCP connections closed" },
	{ 0, "lsm-profile", OPT_STR, &lsm_profile, "TYPE:NAME",
	  "another AppArmor or SELinux label" },
	{ 0, "lsm-mount-context", OPT_STR, &lsm_mount_context, "CONTEXT",
	  "another SELinux context for mounts" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[OPTION]... ID",
	.purpose = "Make a container from what checkpoint made of it.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

/* The mount namespace that we came from, and the one that is ours and criu's. */
static int hostnsfd = -1, ournsfd = -1;

/* criu wants a root that is a mount point, and mounts beside its images for a while. Nobody else is
 * to see that; what the host unmounts meanwhile goes here, too. */
static void leave_host(void)
{
	_close_ int rootfd = -1;

	hostnsfd = ns_open_pid(0, CLONE_NEWNS);
	if (hostnsfd < 0 || unshare(CLONE_NEWNS))
		die("make a mount namespace for criu");
	rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ournsfd = ns_open_pid(0, CLONE_NEWNS);
	if (rootfd < 0 || ournsfd < 0 || mnt_propagate(rootfd, MS_SLAVE, true))
		die("keep criu's mounts from the host");
}

/* The state directory is a mount point only here. */
static void abandon(void)
{
	if (setns(hostnsfd, CLONE_NEWNS))
		debug("leave criu's mount namespace: %s", strerror(errno));
	launch_abandon();
}

/* With the bundle as the working directory, as everywhere behind make_read. */
static void enter(int nsfd, const struct container *c)
{
	if (setns(nsfd, CLONE_NEWNS) || chdir(c->bundle))
		die("change the mount namespace");
}

static void make_root(struct criu *k, const struct launch *l)
{
	const struct container *c = l->container;
	_free_ char *dir = fd_path(c->dirfd);

	if (!dir || mkdirat(c->dirfd, CRIU_ROOT_DIR, 0755))
		die("make a root for criu");

	_close_ int treefd = mnt_clone(AT_FDCWD, c->rootfs, true);
	_close_ int targetfd = openat(c->dirfd, CRIU_ROOT_DIR,
				      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_free_ char *path = xasprintf("%s/" CRIU_ROOT_DIR, dir);

	if (treefd < 0 || targetfd < 0 || mnt_attach(treefd, targetfd))
		die("bind root file system '%s' for criu", c->rootfs);
	criu_make_targets(l->spec, treefd);
	request_add_str(&k->opts, CRIU_ROOT, path);
}

/* criu runs in the container's cgroups, and what it makes stays there: they are where the roots of
 * the dumped groups are now. */
static void add_groups(struct criu *k, const struct launch *l)
{
	char path[32];
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };

	if (!l->container->cgroup)
		return;
	if (cgroup_move(&l->group, k->pid))
		die("move criu to cgroup '%s'", l->container->cgroup);
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)k->pid);
	if (file_read(AT_FDCWD, path, CGROUP_FILE_MAX, &text))
		die("read '%s'", path);
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *names = strchr(lines.v[i], ':'), *at = names ? strchr(names + 1, ':') : NULL;
		_strv_ struct strv controllers = { 0 };

		if (!at)
			continue;
		*at++ = '\0';
		strv_split(&controllers, names + 1, ',');
		for (size_t n = 0; n < controllers.n; n++) {
			_buf_ struct buf pair = { 0 };

			request_add_str(&pair, 1, controllers.v[n]);
			request_add_str(&pair, 2, at);
			request_add_msg(&k->opts, CRIU_CG_ROOT, &pair);
		}
	}
}

/* A pipe that was standard input or output becomes what that is for us. */
static void add_descriptors(struct criu *k)
{
	char why[JSON_WHY_MAX];
	_buf_ struct buf text = { 0 };
	_json_ struct json *list = NULL;
	int number = 0;

	if (file_read(k->imagesfd, "descriptors.json", DESCRIPTORS_MAX, &text))
		die("read 'descriptors.json' of the checkpoint");
	list = json_parse(buf_str(&text), text.len, 0, why);
	if (!list)
		diex("'descriptors.json' of the checkpoint: %s", why);
	for (const struct json *j = list->child; j && number <= STDERR_FILENO; j = j->next) {
		if (j->text && str_starts(j->text, "pipe:"))
			criu_add_stdio(k, j->text, number);
		number++;
	}
}

static void run_hooks(const struct launch *l, pid_t pid)
{
	const struct spec_hooks *h = l->spec->hooks;
	_buf_ struct buf state = { 0 }, why = { 0 };

	if (!h)
		return;
	l->container->init_process_pid = pid;
	container_emit(l->container, STATUS_CREATING, false, 0, &state);
	enter(hostnsfd, l->container);
	if (hooks_run("prestart", &h->prestart, buf_str(&state), NULL, &why) ||
	    hooks_run("createRuntime", &h->createRuntime, buf_str(&state), NULL, &why))
		diex("%s", buf_str(&why));
	enter(ournsfd, l->container);
}

static void notified(const char *script, pid_t pid, int fd, void *arg)
{
	static const char name[] = "/dev/ptmx";
	struct launch *l = arg;

	if (str_eq(script, "setup-namespaces")) {
		run_hooks(l, pid);
	} else if (str_eq(script, "orphan-pts-master")) {
		if (fd < 0 || l->console_sockfd < 0 ||
		    sock_send_fds(l->console_sockfd, name, sizeof(name) - 1, &fd, 1))
			diex("send the terminal to the console socket");
	} else if (str_eq(script, "post-restore")) {
		l->pid = pid;
		l->pidfd = proc_pidfd_open(pid);
		if (l->pidfd < 0)
			die("open a pidfd of %d", (int)pid);
		launch_record(l);
	}
}

static void add_options(struct criu *k, const struct launch *l)
{
	request_add_bool(&k->opts, CRIU_EVASIVE_DEVICES, true);
	request_add_bool(&k->opts, CRIU_RST_SIBLING, true);
	request_add_bool(&k->opts, CRIU_TCP_CLOSE, tcp_close);
	request_add_str(&k->opts, CRIU_LSM_PROFILE, lsm_profile);
	request_add_str(&k->opts, CRIU_LSM_MOUNT_CONTEXT, lsm_mount_context);
	criu_add_config(k, &l->container->annotations);
	add_descriptors(k);
	criu_restore_namespaces(k, l->spec);
	criu_restore_mounts(k, l->container, l->spec);
}

/* What is in the images runs: as soon as criu says that it does, it is a container like any. */
static void restore(struct launch *l, struct criu *k)
{
	const struct spec_rdt *rdt = l->spec->linux_->intelRdt;

	die_cleanup(abandon);
	if (rdt)
		rdt_choose(l->container, rdt);
	cgroup_make(l);
	if (rdt)
		rdt_make(l->container, rdt);
	launch_limits(l);
	add_options(k, l);
	make_root(k, l);
	criu_start(k);
	add_groups(k, l);
	rdt_join(l->container, k->pid);
	criu_run(k, CRIU_RESTORE, notified, l);
	if (l->pidfd < 0)
		diex("criu did not say what it restored");
	launch_leave_scope(l);
	enter(hostnsfd, l->container);
	if (unlinkat(l->container->dirfd, CRIU_ROOT_DIR, AT_REMOVEDIR))
		warn("remove '%s/" CRIU_ROOT_DIR "'", l->container->id);
	launch_done();
}

static int stay(struct launch *l, int terminal_sockfd)
{
	struct container *c = l->container;
	int code;

	container_unlock(c);
	code = proc_exit_code(foreground_wait(l->pid, l->pidfd, terminal_sockfd, -1));
	if (container_lock(c)) {
		if (errno == ENOENT)
			return code;
		die("lock container '%s'", c->id);
	}
	if (container_destroy(c))
		die("remove container '%s'", c->id);
	return code;
}

int verb_restore(int argc, char **argv)
{
	/* Until the end; taking it apart would only cost time. */
	static struct launch l = LAUNCH_NONE;
	_container_ struct container c = CONTAINER_NONE;
	_spec_ struct spec spec = { 0 };
	_close_ int terminal_sockfd = -1;
	_buf_ struct buf text = { 0 };
	_free_ char *console = NULL;
	struct criu k = CRIU_NONE;

	argv += runc_parse(argc, argv, &usage, 1, 1);
	log_prefix("runc restore failed");
	runc_check_id(argv[0]);
	console = make_absolute(make.console_socket);
	l.pid_file = make_absolute(make.pid_file);
	if (!detach)
		foreground_begin(!make.no_subreaper);
	leave_host();
	criu_begin(&k, &options, "restore.log", false);
	make_read(&spec, &text, &make);
	l.spec = &spec;
	l.process = spec.process;
	l.container = &c;
	annotations_check(&spec);
	if (spec.linux_->n_netDevices)
		diex("linux.netDevices: criu cannot restore a container with interfaces of the "
		     "host's");
	hooks_log(&spec.annotations);
	terminal_sockfd = console_prepare(&l, console, detach);
	make_record(&l, argv[0], &text);
	restore(&l, &k);
	close_fd(&l.console_sockfd);
	return detach ? 0 : stay(&l, terminal_sockfd);
}
