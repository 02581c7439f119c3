#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "lib/spawn.h"
#include "lib/str.h"
#include "runc/runc.h"
#include "runc/scope.h"

#define PROGRAM "LASH_CGROUP_SYSTEMD"
#define PROPERTY "org.systemd.property."
enum { ANSWER_MAX = 4096 };

/* A run of the program. */
struct call {
	struct strv args;
	int infd;   /* its standard input */
	int keepfd; /* one more descriptor it gets, or -1 */
	int outfd;  /* what it prints */
	int errfd;  /* what it complains of, a file */
	pid_t pid;
};

static const char *called = "runc";
static char *called_in; /* the working directory then */

void scope_called(const char *argv0)
{
	called = argv0;
	called_in = getcwd(NULL, 0);
}

/* Where the program is that was called so: as a path, or through PATH. */
static char *find_self(void)
{
	_free_ char *file = spawn_find(called);

	return file ? realpath(file, NULL) : NULL;
}

/* Beside runc; in a tree that is not installed, in its neighbour directory. */
static char *find_program(void)
{
	static const char *const places[] = { "cgroup-systemd", "../cgctl/cgroup-systemd" };
	const char *given = getenv(PROGRAM);
	_free_ char *self = given && *given ? NULL : find_self();
	const char *slash = self ? strrchr(self, '/') : NULL;

	if (given && *given)
		return xstrdup(given);
	for (size_t i = 0; slash && i < ARRAY_LEN(places); i++) {
		char *path = xasprintf("%.*s/%s", (int)(slash - self), self, places[i]);

		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return xstrdup("cgroup-systemd");
}

char *scope_name(const struct launch *l)
{
	const char *path = l->spec->linux_->cgroupsPath;
	_strv_ struct strv part = { 0 };

	if (!path || !*path)
		return xasprintf(":runc:%s", l->container->id);
	strv_split(&part, path, ':');
	if (part.n != 3)
		diex("expected cgroupsPath to be of format \"slice:prefix:name\" for systemd "
		     "cgroups, "
		     "got \"%s\" instead",
		     path);
	return xstrdup(path);
}

/* As a file: who never reads it does not block us. */
static int text_file(const char *text)
{
	_close_ int fd = memfd_create("cgroup-systemd", MFD_CLOEXEC);

	if (fd < 0 || io_puts(fd, text) || lseek(fd, 0, SEEK_SET))
		return -1;
	return steal_fd(&fd);
}

/* From where we were called: a bundle, where we are by now, must not have a say in what a relative
 * path of the caller's means. */
_noreturn_ static void exec_program(const struct call *c, int outfd)
{
	_free_ char *program = chdir(called_in ? called_in : "/") ? NULL : find_program();

	if (!program || fd_install(c->infd, STDIN_FILENO) || fd_install(outfd, STDOUT_FILENO) ||
	    fd_install(c->errfd, STDERR_FILENO) || fd_cloexec_from(3) ||
	    (c->keepfd >= 0 && fd_set_cloexec(c->keepfd, false)))
		_exit(126);
	proc_reset_signals();
	execvp(program, c->args.v);
	dprintf(STDERR_FILENO, "%s: %s", program, strerror(errno));
	_exit(127);
}

static int start(struct call *c)
{
	_close_ int outfd = -1;
	int ends[2];

	if (c->infd < 0 || c->errfd < 0 || pipe2(ends, O_CLOEXEC))
		return -1;
	c->outfd = ends[0];
	outfd = ends[1];
	c->pid = fork();
	if (!c->pid)
		exec_program(c, outfd);
	return c->pid < 0 ? -1 : 0;
}

static struct call call_make(const struct container *c, const char *verb, const char *input)
{
	struct call call = {
		.keepfd = -1, .outfd = -1, .infd = text_file(input), .errfd = text_file("")
	};

	strv_add(&call.args, "cgroup-systemd");
	strv_add(&call.args, verb);
	strv_add(&call.args, "--path");
	strv_add(&call.args, c->unit);
	if (c->rootless)
		strv_add(&call.args, "--user");
	return call;
}

static void call_free(struct call *c)
{
	close_fd(&c->infd);
	close_fd(&c->outfd);
	close_fd(&c->errfd);
	strv_free(&c->args);
}

/* "cgroup-systemd create: what: why" without the part that says who. */
static void add_complaint(struct buf *why, const struct call *c)
{
	_buf_ struct buf text = { 0 };
	const char *at;

	if (lseek(c->errfd, 0, SEEK_SET) || io_read_all(c->errfd, ANSWER_MAX, &text) || !text.len) {
		buf_adds(why, "cgroup-systemd failed, and did not say why");
		return;
	}
	at = str_starts(text.data, "cgroup-systemd") ? strstr(text.data, ": ") : NULL;
	at = at ? at + 2 : text.data;
	buf_addf(why, "systemd: %.*s", (int)strcspn(at, "\n"), at);
}

/* Run it to its end: 0, or -1 with its reason. */
static int run(struct call *c, struct buf *why)
{
	int rc = start(c);

	if (rc)
		buf_addf(why, "run cgroup-systemd: %s", strerror(errno));
	else if ((rc = proc_wait(c->pid)))
		add_complaint(why, c);
	call_free(c);
	return rc ? -1 : 0;
}

static void resources_text(const struct json *resources, struct buf *text)
{
	struct emit e = { .out = text };

	if (resources && resources->type == JSON_OBJECT)
		emit_json(&e, NULL, resources);
}

static void add_annotations(struct strv *args, const struct decode_map *annotations)
{
	for (size_t i = 0; i < annotations->n; i++) {
		const char *name = str_after(annotations->v[i].key, PROPERTY);

		if (!name)
			continue;
		strv_add(args, "--property");
		strv_take(args, xasprintf("%s=%s", name, annotations->v[i].value));
	}
}

/* The line it prints once the unit is there; it lives on. */
static char *read_group(struct call *c)
{
	_buf_ struct buf text = { 0 };
	char byte;

	while (text.len < ANSWER_MAX && io_read(c->outfd, &byte, 1) == 1 && byte != '\n')
		buf_addc(&text, byte);
	if (!text.len || *text.data != '/' || !text.data[1])
		return NULL;
	return xstrdup(text.data + 1);
}

char *scope_start(struct launch *l)
{
	_buf_ struct buf input = { 0 }, why = { 0 };
	_close_ int theirs = -1;
	struct call c;
	char *group = NULL;
	int ends[2];

	resources_text(json_find(l->spec->json, "linux.resources"), &input);
	c = call_make(l->container, "create", buf_str(&input));
	if (pipe2(ends, O_CLOEXEC))
		die("make a pipe");
	l->scope_holdfd = ends[1];
	theirs = ends[0];
	c.keepfd = theirs;
	strv_add(&c.args, "--hold-fd");
	strv_take(&c.args, xasprintf("%d", theirs));
	add_annotations(&c.args, &l->spec->annotations);
	if (start(&c))
		die("run cgroup-systemd");
	l->scope_pid = c.pid;
	group = read_group(&c);
	if (!group) {
		proc_wait(c.pid);
		l->scope_pid = 0;
		add_complaint(&why, &c);
		/* Not ours, if there is one of that name: taking this container apart must
		 * not stop it. */
		free_ptr(&l->container->unit);
		l->container->unit = NULL;
		if (container_save(l->container))
			warn("write state of container '%s'", l->container->id);
		diex("%s", buf_str(&why));
	}
	call_free(&c);
	return group;
}

/* Not by closing its descriptor: the container's process may still have a copy. */
void scope_release(struct launch *l)
{
	if (!l->scope_pid)
		return;
	kill(l->scope_pid, SIGKILL);
	proc_wait(l->scope_pid);
	l->scope_pid = 0;
	close_fd(&l->scope_holdfd);
	l->scope_holdfd = -1;
}

int scope_update(const struct container *c, const struct json *resources, struct buf *why)
{
	_buf_ struct buf input = { 0 };
	struct call call;

	if (!c->unit)
		return 0;
	resources_text(resources, &input);
	call = call_make(c, "update", buf_str(&input));
	return run(&call, why);
}

int scope_stop(const struct container *c, struct buf *why)
{
	struct call call;

	if (!c->unit)
		return 0;
	call = call_make(c, "delete", "");
	strv_add(&call.args, "--kill");
	return run(&call, why);
}
