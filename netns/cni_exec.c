#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "netns/cni.h"

enum { RESULT_MAX = 4 << 20, TALK_MAX = 65536 };

char *cni_find(const char *type, const char *path)
{
	_strv_ struct strv dirs = { 0 };

	if (!str_is_name(type) || !path)
		return NULL;
	strv_split(&dirs, path, ':');
	for (size_t i = 0; i < dirs.n; i++) {
		_free_ char *file = xasprintf("%s/%s", dirs.v[i], type);
		struct stat st;

		if (*dirs.v[i] && !stat(file, &st) && S_ISREG(st.st_mode))
			return steal_ptr(&file);
	}
	return NULL;
}

bool cni_is_us(const char *path)
{
	struct stat theirs, ours;

	return !stat(path, &theirs) && !stat("/proc/self/exe", &ours) &&
	       theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

struct child {
	pid_t pid;
	int in, out, talk; /* our ends */
};

static void put_env(struct strv *env, const struct call *c)
{
	const struct {
		const char *name, *value;
	} vars[] = {
		{ "CNI_COMMAND", cni_verb_name(c->verb) },
		{ "CNI_CONTAINERID", c->id },
		{ "CNI_IFNAME", c->ifname },
		{ "CNI_NETNS", c->netns },
		{ "CNI_ARGS", c->args },
		{ "CNI_PATH", c->path },
	};

	for (char **e = environ; *e; e++) {
		if (!str_starts(*e, "CNI_"))
			strv_add(env, *e);
	}
	for (size_t i = 0; i < ARRAY_LEN(vars); i++)
		strv_take(env,
			  xasprintf("%s=%s", vars[i].name, vars[i].value ? vars[i].value : ""));
}

_noreturn_ static void become(const char *path, const struct call *c, int in, int out, int talk)
{
	_strv_ struct strv env = { 0 };
	char *argv[] = { (char *)(uintptr_t)path, NULL };

	put_env(&env, c);
	proc_reset_signals();
	/* Somebody else's program: of our caller's descriptors it gets none. */
	if (!fd_cloexec_from(3) && !fd_install(in, 0) && !fd_install(out, 1) &&
	    !fd_install(talk, 2))
		execve(path, argv, env.v);
	_exit(127);
}

static void start(const char *path, const struct call *c, struct child *child)
{
	int in[2], out[2], talk[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(talk, O_CLOEXEC))
		die("make a pipe");
	child->pid = xfork();
	if (!child->pid)
		become(path, c, in[0], out[1], talk[1]);
	close(in[0]);
	close(out[1]);
	close(talk[1]);
	child->in = in[1];
	child->out = out[0];
	child->talk = talk[0];
}

/* Read what is there into B (beyond MAX it is thrown away); closes *FD at its end. */
static void drain(int *fd, struct buf *b, size_t max)
{
	char chunk[8192];
	ssize_t got = read(*fd, chunk, sizeof(chunk));

	if (got > 0 && b->len + got <= max)
		buf_add(b, chunk, got);
	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) {
		close(*fd);
		*fd = -1;
	}
}

/* Feed the plugin and hear it out at the same time: neither pipe may fill up unread. */
static void converse(struct child *child, const struct buf *text, struct buf *out, struct buf *talk)
{
	size_t sent = 0;

	fcntl(child->in, F_SETFL, O_NONBLOCK);
	while (child->out >= 0 || child->talk >= 0) {
		struct pollfd p[] = { { child->in, POLLOUT, 0 },
				      { child->out, POLLIN, 0 },
				      { child->talk, POLLIN, 0 } };

		if (poll(p, ARRAY_LEN(p), -1) < 0)
			continue;
		if (child->in >= 0 && p[0].revents) {
			ssize_t n = write(child->in, text->data + sent, text->len - sent);

			sent += n > 0 ? n : 0;
			/* EPIPE: it has read enough. */
			if (sent == text->len || (n < 0 && errno != EINTR && errno != EAGAIN)) {
				close(child->in);
				child->in = -1;
			}
		}
		if (child->out >= 0 && p[1].revents)
			drain(&child->out, out, RESULT_MAX);
		if (child->talk >= 0 && p[2].revents)
			drain(&child->talk, talk, TALK_MAX);
	}
	close_fd(&child->in);
}

/* What a plugin that failed says: an error object, or else whatever it printed. */
_noreturn_ static void pass_error(const struct call *c, const char *type, const struct buf *out,
				  const struct buf *talk)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *j = out->len ? json_parse(out->data, out->len, JSON_LAST_WINS, why)
					 : NULL;
	const char *msg = json_get_str(j, "msg"), *details = json_get_str(j, "details");
	const struct json *code = json_get(j, "code");
	const char *verb = cni_verb_name(c->verb);
	uint32_t n = CNI_OTHER;

	if (code && code->type == JSON_NUMBER && num_u32(code->text, &n))
		n = CNI_OTHER;
	if (msg)
		cni_fail(n, "plugin '%s' %s: %s%s%s", type, verb, msg,
			 details && *details ? "; " : "", details ? details : "");
	cni_fail(CNI_OTHER, "plugin '%s' %s failed: %.*s", type, verb,
		 (int)strcspn(buf_str(talk), "\n"), buf_str(talk));
}

static void run_program(const char *path, const struct call *c, const char *type, struct result *r)
{
	_buf_ struct buf text = { 0 }, out = { 0 }, talk = { 0 };
	struct emit e = { .out = &text };
	struct child child;
	char why[WHY_MAX];
	int status;

	emit_json(&e, NULL, c->written);
	signal(SIGPIPE, SIG_IGN);
	start(path, c, &child);
	converse(&child, &text, &out, &talk);
	status = proc_wait(child.pid);
	if (status)
		pass_error(c, type, &out, &talk);
	if (c->verb != CNI_ADD)
		return;

	_json_ struct json *j = json_parse(buf_str(&out), out.len, JSON_LAST_WINS, why);

	if (!j)
		cni_fail(CNI_DECODE, "plugin '%s': result: %s", type, why);
	cni_fold(j);
	result_free(r);
	if (result_parse(j, r, why))
		cni_fail(CNI_DECODE, "plugin '%s': result: %s", type, why);
}

void cni_run(const struct call *c, const char *type, struct result *r)
{
	const struct plugin *p = plugin_find(type);
	_free_ char *path = cni_find(type, c->path);
	plugin_fn *fn;

	if (path && !(p && (c->ours_first || cni_is_us(path)))) {
		run_program(path, c, type, r);
		return;
	}
	if (!p && c->lenient)
		return;
	if (!p)
		cni_fail(CNI_OTHER, "failed to find plugin '%s' in path [%s]", type,
			 c->path ? c->path : "");
	fn = plugin_verb(p, c->verb);
	if (fn)
		fn(c, r);
}
