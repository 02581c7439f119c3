/* v2_runtime.c - the runtime's command lines, and what is kept for `delete` to find it again. */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "lib/emit.h"
#include "lib/io.h"
#include "lib/json.h"
#include "lib/mem.h"
#include "shim/v2.h"
#include "shim/v2_runtime.h"

enum { OPTIONS_MAX = 64 * 1024 };

/* The runtime beside us, or whichever PATH has. */
static char *default_runtime(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 8);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		memcpy(slash + 1, "runc", 5);
		if (access(self, X_OK) == 0)
			return xstrdup(self);
	}
	return xstrdup("runc");
}

void runtime_complete(struct runc_options *o)
{
	if (!o->binary_name || !*o->binary_name) {
		free(o->binary_name);
		o->binary_name = default_runtime();
	}
	if (!o->root || !*o->root) {
		free(o->root);
		o->root = xstrdup(V2_RUNTIME_ROOT);
	}
}

int runtime_options(const struct any *any, struct runc_options *o)
{
	static const char *const known[] = { "containerd.runc.v1.Options",
					     "type.googleapis.com/containerd.runc.v1.Options" };

	if (!any->type_url)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(any->type_url, known[i]))
			return pb_decode(&pb_runc_options, any->value.data, any->value.len, o);
	/* Others' options say nothing to us. */
	return 0;
}

int runtime_save(int bundlefd, const struct runc_options *o)
{
	_buf_ struct buf text = { 0 };
	struct emit e = { .out = &text };

	emit_object(&e, NULL);
	emit_str(&e, "binary_name", o->binary_name);
	emit_str(&e, "root", o->root);
	emit_bool(&e, "systemd_cgroup", o->systemd_cgroup);
	emit_end(&e);
	return file_replace(bundlefd, V2_OPTIONS_FILE, 0600, text.data, text.len, false);
}

int runtime_load(int bundlefd, struct runc_options *o)
{
	_buf_ struct buf text = { 0 };
	char why[JSON_WHY_MAX];
	const char *binary, *root;
	const struct json *systemd;

	if (file_read(bundlefd, V2_OPTIONS_FILE, OPTIONS_MAX, &text) < 0)
		return -1;

	_json_ struct json *j = json_parse(buf_str(&text), text.len, JSON_LAST_WINS, why);

	binary = json_get_str(j, "binary_name");
	root = json_get_str(j, "root");
	systemd = json_get(j, "systemd_cgroup");
	if (!binary || !root)
		return set_errno(EBADMSG);
	o->binary_name = xstrdup(binary);
	o->root = xstrdup(root);
	o->systemd_cgroup = systemd && systemd->type == JSON_TRUE;
	return 0;
}

void runtime_globals(const struct runc_options *o, const char *ns, const char *log,
		     struct strv *argv)
{
	strv_add(argv, o->binary_name);
	strv_add(argv, "--root");
	strv_take(argv, xasprintf("%s/%s", o->root, ns));
	strv_add(argv, "--log");
	strv_add(argv, log);
	strv_add(argv, "--log-format");
	strv_add(argv, "json");
	if (o->systemd_cgroup)
		strv_add(argv, "--systemd-cgroup");
}

void runtime_job_v(struct job *j, const struct strv *words, const struct stdio *io)
{
	static const struct stdio none = { { -1, -1, -1 } };
	_free_ char *log = memfile_path(j->logfd);
	_strv_ struct strv argv = { 0 };

	runtime_globals(&j->task->options, j->server->args.ns, log, &argv);
	for (size_t i = 0; i < words->n; i++)
		strv_add(&argv, words->v[i]);
	job_run(j, argv.v, io ? io->fd : none.fd);
}

void runtime_job(struct job *j, const struct stdio *io, const char *verb, ...)
{
	_strv_ struct strv words = { 0 };
	va_list ap;

	va_start(ap, verb);
	for (const char *w = verb; w; w = va_arg(ap, const char *))
		strv_add(&words, w);
	va_end(ap);
	runtime_job_v(j, &words, io);
}
