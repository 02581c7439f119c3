#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "lib/cap.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/idmap.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/sock.h"
#include "lib/str.h"
#include "runc/annotations.h"
#include "runc/log.h"
#include "runc/make.h"
#include "runc/notify.h"
#include "runc/rdt.h"
#include "runc/runc.h"

char *make_absolute(const char *path)
{
	if (!path || *path == '/')
		return path ? xstrdup(path) : NULL;

	_free_ char *cwd = getcwd(NULL, 0);

	if (!cwd)
		die("find the current directory");
	return xasprintf("%s/%s", cwd, path);
}

int connect_option(const char *what, const char *path)
{
	int fd;

	if (!path || !*path)
		return -1;
	fd = sock_connect(path, SOCK_STREAM);
	if (fd < 0)
		die("connect to %s '%s'", what, path);
	return fd;
}

void close_inherited(int keep)
{
	unsigned int first = 3 + (unsigned int)keep;
	int log = log_fd();

	if (log < (int)first) {
		if (fd_close_from(first))
			die("close inherited descriptors");
		return;
	}
	if ((log > (int)first && close_range(first, (unsigned int)log - 1, 0)) ||
	    fd_close_from((unsigned int)log + 1))
		die("close inherited descriptors");
}

/* Socket activation: descriptors from 3 on that are meant for us, and so for the container. */
static int count_listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int n, who;

	if (!pid || !fds || num_int(pid, 1, INT32_MAX, &who) || who != getpid())
		return 0;
	return num_int(fds, 0, 1024, &n) ? 0 : n;
}

void make_read(struct spec *spec, struct buf *text, const struct make_options *o)
{
	const char *name = o->config ? o->config : "config.json";
	char why[DECODE_WHY_MAX];

	if (o->bundle && *o->bundle && chdir(o->bundle))
		die("chdir to bundle '%s'", o->bundle);
	if (file_read(AT_FDCWD, name, SPEC_MAX_BYTES, text)) {
		if (errno == ENOENT)
			diex("JSON specification file %s not found", name);
		die("read '%s'", name);
	}
	if (spec_parse(spec, buf_str(text), text->len, why))
		diex("%s: %s", name, why);
	if (!spec->process)
		diex("%s: process: process property must not be empty", name);
}

static char *find_rootfs(const struct spec *spec)
{
	char *path = realpath(spec->root->path, NULL);
	struct stat st;

	if (!path || stat(path, &st))
		die("invalid rootfs: open '%s'", spec->root->path);
	if (!S_ISDIR(st.st_mode))
		diex("invalid rootfs: '%s' is not a directory", path);
	return path;
}

/* The record comes first: what dies after this, `delete --force` can take apart. */
static void record(struct launch *l, const char *id, char *rootfs, const struct buf *text)
{
	struct container *c = l->container;
	const struct spec *spec = l->spec;

	if (container_make(c, runc_globals.root, id)) {
		if (errno == EEXIST)
			diex("container with given ID already exists: '%s'", id);
		die("make state directory '%s/%s'", runc_globals.root, id);
	}
	launch_begin(l);
	c->bundle = getcwd(NULL, 0);
	if (!c->bundle)
		die("find the bundle's directory");
	c->rootfs = rootfs;
	c->ociVersion = xstrdup(spec->ociVersion);
	c->rootless = runc_globals.rootless;
	c->no_poststop = !spec->hooks || !spec->hooks->poststop.n;
	c->annotations.v = xcalloc(spec->annotations.n, sizeof(*c->annotations.v));
	for (size_t i = 0; i < spec->annotations.n; i++) {
		const struct decode_map_entry *e = &spec->annotations.v[i];

		c->annotations.v[c->annotations.n++] = (struct decode_map_entry){
			xstrdup(e->key), xstrdup(e->value)
		};
	}
	/* Nobody looks for it before there is a state.json. */
	_close_ int fd = openat(c->dirfd, CONTAINER_CONFIG,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || io_write(fd, buf_str(text), text->len))
		die("write a copy of config.json");
}

/* To the user of a user namespace, who could not open it otherwise. One whose ids are not told,
 * since the namespace is joined, gets it by mode. */
static void give_fifo(const struct launch *l)
{
	const struct spec_linux *lx = l->spec->linux_;
	uint32_t user = l->process->user ? l->process->user->uid : 0, uid;

	if (!spec_namespace(l->spec, CLONE_NEWUSER))
		return;
	if (!lx->n_uidMappings) {
		/* Anybody's, but out of anybody's reach: the child has it as a descriptor. */
		if (fchmod(l->container->dirfd, 0700) ||
		    fchmodat(l->container->dirfd, CONTAINER_FIFO, 0622, 0))
			die("open the start fifo to its user");
		return;
	}
	if (idmap_outside((const struct idmap *)(const void *)lx->uidMappings, lx->n_uidMappings,
			  user, &uid))
		return;
	/* EPERM: without privileges it is ours; in there, we may give it away. */
	if (fchownat(l->fifofd, "", uid, (gid_t)-1, AT_EMPTY_PATH) && errno != EPERM)
		die("give the start fifo to user %u", uid);
}

static void make_fifo(struct launch *l)
{
	int dirfd = l->container->dirfd;

	if (mkfifoat(dirfd, CONTAINER_FIFO, 0600))
		die("make the start fifo");
	l->fifofd = openat(dirfd, CONTAINER_FIFO, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (l->fifofd < 0)
		die("open the start fifo");
	give_fifo(l);
}

void make_record(struct launch *l, const char *id, const struct buf *text)
{
	record(l, id, find_rootfs(l->spec), text);
}

int make_container(struct launch *l, struct spec *spec, struct container *c, const char *id,
		   const struct make_options *o, bool detach)
{
	_buf_ struct buf text = { 0 };
	_free_ char *console = make_absolute(o->console_socket);
	_free_ char *pidfd_socket = make_absolute(o->pidfd_socket);
	char *rootfs;
	int terminal_fd;

	runc_check_id(id);
	l->pid_file = make_absolute(o->pid_file);
	l->no_pivot = o->no_pivot;
	l->no_new_keyring = o->no_new_keyring;
	l->listen_fds = count_listen_fds();
	l->keep_fds = l->listen_fds + o->preserve_fds;
	close_inherited(l->keep_fds);
	make_read(spec, &text, o);
	rootfs = find_rootfs(spec);
	l->spec = spec;
	l->process = spec->process;
	l->container = c;
	annotations_check(spec);
	hooks_log(&spec->annotations);
	terminal_fd = console_prepare(l, console, detach);
	l->pidfd_sockfd = connect_option(
		"--pidfd-socket",
		pidfd_socket ? pidfd_socket : annotation(spec, ANNOTATION_PIDFD_RECEIVER));
	prepare_process(l);
	prepare_namespaces(l);

	record(l, id, rootfs, &text);
	if (spec->linux_->intelRdt)
		rdt_choose(c, spec->linux_->intelRdt);
	cgroup_make(l);
	if (spec->linux_->intelRdt)
		rdt_make(c, spec->linux_->intelRdt);
	if (l->parked)
		make_fifo(l);
	notify_prepare(l);
	l->late = !(caps_permitted() & UINT64_C(1) << CAP_SYS_ADMIN);
	if (!l->late)
		prepare_mounts(l);
	launch_child(l);
	close_fd(&l->console_sockfd);
	return terminal_fd;
}

void make_poststart(struct container *c, const struct spec *spec)
{
	_buf_ struct buf state = { 0 }, why = { 0 };

	container_unlock(c);
	if (!spec->hooks || !spec->hooks->poststart.n)
		return;
	container_emit(c, STATUS_RUNNING, false, 0, &state);
	if (!hooks_run("poststart", &spec->hooks->poststart, buf_str(&state), NULL, &why))
		return;
	if (container_lock(c) || container_destroy(c))
		warn("remove container '%s'", c->id);
	diex("%s", buf_str(&why));
}
