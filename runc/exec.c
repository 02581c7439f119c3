/* runc exec - run one more process in a container. */
#include <fcntl.h>
#include <sched.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "runc/foreground.h"
#include "runc/group.h"
#include "runc/log.h"
#include "runc/make.h"
#include "runc/runc.h"

enum { CANNOT_EXEC = 255 };

static struct {
	const char *process, *cwd, *user, *apparmor, *label, *console_socket, *pidfd_socket,
		*pid_file;
	struct strv env, gids, caps, cgroups;
	bool tty, detach, no_new_privs, ignore_paused;
	int preserve_fds;
} o;

static const struct opt opts[] = {
	{ 'p', "process", OPT_STR, &o.process, "FILE",
	  "a process object, instead of these options" },
	{ 0, "cwd", OPT_STR, &o.cwd, "DIR", "working directory" },
	{ 'e', "env", OPT_STRV, &o.env, "NAME=VALUE", "set a variable" },
	{ 't', "tty", OPT_FLAG, &o.tty, NULL, "give it a terminal" },
	{ 'u', "user", OPT_STR, &o.user, "UID[:GID]", "run as" },
	{ 'g', "additional-gids", OPT_STRV, &o.gids, "GID", "one more group" },
	{ 'c', "cap", OPT_STRV, &o.caps, "CAP", "one more capability" },
	{ 'd', "detach", OPT_FLAG, &o.detach, NULL, "do not wait for its end" },
	{ 0, "console-socket", OPT_STR, &o.console_socket, "PATH",
	  "send the terminal's master to this socket" },
	{ 0, "pidfd-socket", OPT_STR, &o.pidfd_socket, "PATH", "send a pidfd of it there" },
	{ 0, "pid-file", OPT_STR, &o.pid_file, "FILE", "write its pid there" },
	{ 0, "process-label", OPT_STR, &o.label, "LABEL", "SELinux label" },
	{ 0, "apparmor", OPT_STR, &o.apparmor, "PROFILE", "AppArmor profile" },
	{ 0, "no-new-privs", OPT_FLAG, &o.no_new_privs, NULL, "set no_new_privs" },
	{ 0, "preserve-fds", OPT_INT, &o.preserve_fds, "N", "hand on N descriptors from 3 on" },
	{ 0, "cgroup", OPT_STRV, &o.cgroups, "[CONTROLLER,...:]PATH",
	  "a cgroup below the container's" },
	{ 0, "ignore-paused", OPT_FLAG, &o.ignore_paused, NULL,
	  "exec into a paused container too" },
	{ 0 },
};

static const struct usage usage = {
	"[OPTIONS] ID COMMAND [ARG]...",
	"Run one more process in a container.",
	opts,
	OPT_STOP | OPT_SINGLE,
	NULL,
};

static void set_str(char **field, const char *value)
{
	if (!value)
		return;
	free(*field);
	*field = xstrdup(value);
}

/* Append copies of MORE to a vector the spec owns. */
static void append(char ***field, char *const *more)
{
	struct strv l = { 0 };

	for (char **s = *field; s && *s; s++)
		strv_add(&l, *s);
	for (; more && *more; more++)
		strv_add(&l, *more);
	strv_free_v(*field);
	*field = l.v;
}

static void set_user(struct spec_process *p)
{
	_strv_ struct strv parts = { 0 };

	if (!p->user)
		p->user = xcalloc(1, sizeof(*p->user));
	if (!o.user)
		return;
	strv_split(&parts, o.user, ':');
	if (parts.n > 2 || num_u32(parts.v[0], &p->user->uid) ||
	    (parts.n == 2 && num_u32(parts.v[1], &p->user->gid)) || p->user->uid == UINT32_MAX)
		diex("--user: '%s' is not UID[:GID]", o.user);
}

static void add_gids(struct spec_user *u)
{
	if (!o.gids.n)
		return;
	u->additionalGids = xreallocarray(u->additionalGids, u->n_additionalGids + o.gids.n,
					  sizeof(*u->additionalGids));
	for (size_t i = 0; i < o.gids.n; i++) {
		if (num_u32(o.gids.v[i], &u->additionalGids[u->n_additionalGids++]))
			diex("--additional-gids: '%s' is not a number", o.gids.v[i]);
	}
}

/* Never into the inheritable set, and into the ambient one only what is inheritable by config.json
 * (CVE-2022-29162). */
static void add_caps(struct spec_process *p)
{
	struct spec_capabilities *c;

	if (!o.caps.n)
		return;
	if (!p->capabilities)
		p->capabilities = xcalloc(1, sizeof(*p->capabilities));
	c = p->capabilities;
	append(&c->bounding, o.caps.v);
	append(&c->effective, o.caps.v);
	append(&c->permitted, o.caps.v);
	for (size_t i = 0; c->inheritable && i < o.caps.n; i++) {
		char *one[] = { o.caps.v[i], NULL };

		if (strv_index(c->inheritable, o.caps.v[i]) >= 0)
			append(&c->ambient, one);
	}
}

/* The container's own process, changed by options. */
static void override(struct spec_process *p, char **argv)
{
	strv_free_v(p->args);
	p->args = NULL;
	append(&p->args, argv);
	append(&p->env, o.env.v);
	set_str(&p->cwd, o.cwd);
	set_str(&p->apparmorProfile, o.apparmor);
	set_str(&p->selinuxLabel, o.label);
	p->terminal = o.tty;
	p->noNewPrivileges |= o.no_new_privs;
	set_user(p);
	add_gids(p->user);
	add_caps(p);
}

static void read_process(struct spec *spec, char **argv)
{
	char why[DECODE_WHY_MAX];
	_buf_ struct buf text = { 0 };

	if (!o.process) {
		override(spec->process, argv);
		if (spec_check_process(spec->process, why))
			diex("%s", why);
		return;
	}
	if (file_read(AT_FDCWD, o.process, SPEC_MAX_BYTES, &text))
		die("read process '%s'", o.process);
	decode_free(&spec_process_schema, spec->process);
	if (spec_parse_process(spec->process, buf_str(&text), text.len, why))
		diex("%s: %s", o.process, why);
}

/* Init's own root. Where a caller in a chroot made the container, or --no-pivot did, it is not the
 * root of the mount namespace: that is still the host's. */
static int open_root(const struct container *c)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)c->init_process_pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die("open the root of container '%s'", c->id);
	return fd;
}

/* The types of init's namespaces that are not ours as well. */
static int foreign_namespaces(const struct container *c)
{
	int flags = 0;

	for (size_t i = 0; i < NS_TYPES; i++) {
		int same = ns_is_ours((pid_t)c->init_process_pid, ns_types[i].flag);

		if (same < 0 && errno != ENOENT)
			die("open %s namespace of container '%s'", ns_types[i].spec, c->id);
		flags |= same ? 0 : ns_types[i].flag;
	}
	return flags;
}

/* Init's root and namespaces; PIDFD proves that the number is still init's. All are joined at once
 * by it, unless there is a user namespace: then each may belong to either side, and is tried from
 * both. */
static void open_namespaces(struct launch *l, const struct container *c, int pidfd)
{
	int flags = foreign_namespaces(c);

	if (!(flags & CLONE_NEWUSER)) {
		l->join_pidfd = pidfd;
		l->join_flags = flags;
	}
	for (size_t i = 0; i < NS_TYPES; i++) {
		l->nsfd[i] = -1;
		if (l->join_flags || !(flags & ns_types[i].flag))
			continue;
		l->nsfd[i] = ns_open_pid((pid_t)c->init_process_pid, ns_types[i].flag);
		if (l->nsfd[i] < 0)
			die("open %s namespace of container '%s'", ns_types[i].spec, c->id);
	}
	l->rootfs_treefd = open_root(c);
	if (proc_pidfd_signal(pidfd, 0))
		die("container '%s' has just ended", c->id);
}

/* PATH below the container's group, opened; "/" is that group itself. */
static void open_below(struct cgroup *g, const struct launch *l, const struct container *c,
		       const char *path)
{
	_free_ char *full = xasprintf("%s/%s", c->cgroup, path + strspn(path, "/"));
	size_t len = strlen(full);

	while (len && full[len - 1] == '/')
		full[--len] = '\0';
	if (cgroup_open(g, &l->layout, full))
		die("open cgroup '%s'", full);
}

/* Take the hierarchy of CONTROLLER over from another group. */
static void take_hierarchy(struct launch *l, struct cgroup *from, const char *controller)
{
	int number = cgroup_controller_of(controller, strlen(controller));
	int h = number < 0 ? -1 : cgroup_hierarchy_of(&l->layout, (enum cgroup_controller)number);

	if (h < 0)
		diex("--cgroup: no controller '%s' here", controller);
	if (from->dirfd[h] < 0)
		diex("--cgroup: '%s' has no controller '%s'", from->path, controller);
	close_fd(&l->group.dirfd[h]);
	l->group.dirfd[h] = fcntl(from->dirfd[h], F_DUPFD_CLOEXEC, 0);
	/* -1 would mean that the process stays out of that hierarchy. */
	if (l->group.dirfd[h] < 0)
		die("--cgroup: open '%s'", from->path);
}

/* [CONTROLLER[,CONTROLLER]...:]PATH */
static void use_cgroup(struct launch *l, const struct container *c, const char *option)
{
	const char *colon = strchr(option, ':');
	_cgroup_ struct cgroup g = CGROUP_NONE;
	_strv_ struct strv names = { 0 };

	open_below(&g, l, c, colon ? colon + 1 : option);
	if (!colon) {
		cgroup_close(&l->group);
		l->group = g;
		g = (struct cgroup)CGROUP_NONE;
		return;
	}
	if (cgroup_is_unified(&l->layout))
		diex("--cgroup: '%s': on cgroup v2 controllers have no groups of their own",
		     option);

	_free_ char *list = xmemdup0(option, (size_t)(colon - option));

	strv_split(&names, list, ',');
	for (size_t i = 0; i < names.n; i++)
		take_hierarchy(l, &g, names.v[i]);
}

static void open_cgroup(struct launch *l, const struct container *c)
{
	const struct cgroup_layout *layout;

	if (!c->cgroup || runc_globals.no_cgroups || !(layout = group_layout()))
		return;
	l->layout = *layout;
	if (cgroup_open(&l->group, &l->layout, c->cgroup)) {
		if (runc_globals.rootless)
			return;
		die("open cgroup '%s'", c->cgroup);
	}
	for (size_t i = 0; i < o.cgroups.n; i++)
		use_cgroup(l, c, o.cgroups.v[i]);
	if (cgroup_join_open(&l->join, &l->group)) {
		if (runc_globals.rootless)
			return;
		die("open cgroup '%s'", l->group.path);
	}
	l->cgroup_fd = l->join.v2_dirfd;
}

static void check_status(const struct container *c)
{
	enum status s = container_status(c);

	if (s == STATUS_STOPPED)
		diex("cannot exec in a stopped container");
	if (s == STATUS_CREATING)
		diex("cannot exec in a container that is being created");
	if (s == STATUS_PAUSED && !o.ignore_paused)
		diex("cannot exec in a paused container (use --ignore-paused to override)");
}

static void load(struct container *c, struct spec *spec, const char *id)
{

	xcontainer_load(c, id, false);
	check_status(c);
	xcontainer_spec(c, spec);
}

int verb_exec(int argc, char **argv)
{
	/* Until the end; taking them apart would only cost time. */
	static struct launch l = LAUNCH_NONE;
	_container_ struct container c = CONTAINER_NONE;
	static struct spec spec;
	_close_ int pidfd = -1, terminal_sockfd = -1;

	die_status(CANNOT_EXEC);
	argv += runc_parse(argc, argv, &usage, 1, -1);
	log_prefix("exec failed");
	if (!o.process && !argv[1])
		diex("process args cannot be empty");
	close_inherited(o.preserve_fds);
	load(&c, &spec, argv[0]);
	read_process(&spec, argv + 1);
	pidfd = container_pidfd(&c);
	if (pidfd < 0 && errno != ESRCH)
		die("open init of container '%s'", c.id);
	if (pidfd < 0)
		diex("cannot exec in a stopped container");
	l.exec = true;
	l.spec = &spec;
	l.process = spec.process;
	l.container = &c;
	l.keep_fds = o.preserve_fds;
	l.pid_file = o.pid_file;
	if (!o.detach)
		foreground_begin(false);
	terminal_sockfd = console_prepare(&l, o.console_socket, o.detach);
	l.pidfd_sockfd = connect_option("--pidfd-socket", o.pidfd_socket);
	prepare_process(&l);
	open_namespaces(&l, &c, pidfd);
	open_cgroup(&l, &c);
	launch_begin(&l);
	launch_child(&l);
	close_fd(&l.console_sockfd);
	launch_release(&l);
	launch_done();
	if (o.detach)
		return 0;
	return proc_exit_code(foreground_wait(l.pid, l.pidfd, terminal_sockfd, -1));
}
