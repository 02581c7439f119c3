#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "netns/cni.h"

static struct call call = { .netns_fd = -1, .version = "1.0.0" };
static const struct plugin *plugin;

/* The first error is the answer, on stdout; what else goes wrong while cleaning up is talk. */
static void to_caller(const char *level, const char *msg)
{
	static bool answered;
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out, .indent = 4 };

	if (answered || !str_eq(level, "error")) {
		dprintf(STDERR_FILENO, "%s: %s\n", plugin->name, msg);
		return;
	}
	answered = true;
	emit_object(&e, NULL);
	emit_str(&e, "cniVersion", cni_version_known(call.version) ? call.version : "1.0.0");
	emit_int(&e, "code", cni_get_code());
	emit_str(&e, "msg", msg);
	emit_end(&e);
	buf_addc(&out, '\n');
	if (io_write(STDOUT_FILENO, out.data, out.len))
		dprintf(STDERR_FILENO, "%s: %s\n", plugin->name, msg);
}

static const char *get(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static enum cni_verb verb_of(const char *name)
{
	for (int v = CNI_ADD; v <= CNI_VERSION; v++) {
		if (str_eq(name, cni_verb_name(v)))
			return v;
	}
	cni_fail(CNI_BAD_ENV, "unknown CNI_COMMAND: '%s'", name);
}

/* Which of the variables a verb needs are missing? All are named, as runners expect. */
static void need_env(enum cni_verb verb)
{
	bool attached = verb == CNI_ADD || verb == CNI_DEL || verb == CNI_CHECK;
	const struct {
		const char *name;
		bool needed;
	} needs[] = {
		{ "CNI_CONTAINERID", attached },
		{ "CNI_NETNS", verb == CNI_ADD || verb == CNI_CHECK },
		{ "CNI_IFNAME", attached },
		{ "CNI_PATH", true },
	};
	_buf_ struct buf missing = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		if (needs[i].needed && !*get(needs[i].name))
			buf_addf(&missing, "%s%s", missing.len ? "," : "", needs[i].name);
	}
	if (missing.len)
		cni_fail(CNI_BAD_ENV, "required env variables [%s] missing", buf_str(&missing));
	if (attached && !cni_is_id(get("CNI_CONTAINERID")))
		cni_fail(CNI_BAD_ENV, "CNI_CONTAINERID is no container id: '%s'",
			 get("CNI_CONTAINERID"));
	if (attached && !cni_is_ifname(get("CNI_IFNAME")))
		cni_fail(CNI_BAD_ENV, "CNI_IFNAME is no interface name: '%s'", get("CNI_IFNAME"));
}

static void read_conf(void)
{
	_buf_ struct buf in = { 0 };
	char why[JSON_WHY_MAX];

	cni_set_code(CNI_IO);
	if (io_read_all(STDIN_FILENO, CNI_STDIN_MAX, &in))
		die("read the configuration from standard input");
	cni_set_code(CNI_OTHER);
	call.conf = json_parse(buf_str(&in), in.len, JSON_LAST_WINS, why);
	if (!call.conf)
		cni_fail(CNI_DECODE, "configuration: %s", why);
	if (call.conf->type != JSON_OBJECT)
		cni_fail(CNI_DECODE, "configuration: not an object");
	call.written = json_copy(call.conf);
	cni_fold(call.conf);
}

/* Each verb from the version of the specification that brought it. */
static void check_verb(void)
{
	const char *since = call.verb == CNI_CHECK			     ? "0.4.0"
			    : call.verb == CNI_STATUS || call.verb == CNI_GC ? "1.1.0"
									     : "0.1.0";

	if (cni_version_compare(call.version, since) < 0)
		cni_fail(CNI_BAD_VERSION, "config version '%s' does not allow %s", call.version,
			 cni_verb_name(call.verb));
	if (call.verb == CNI_CHECK && !call.has_prev)
		cni_fail(CNI_BAD_CONFIG, "CHECK needs prevResult");
}

/* A failed ADD leaves nothing of its own, and alone what was there before; though
 * the runner is to DEL in any case. */
static void abandon(void)
{
	struct result r = { 0 };

	call.verb = CNI_DEL;
	if (plugin->del && cni_has_begun())
		plugin->del(&call, &r);
}

static void answer(const struct result *r)
{
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out, .indent = 4 };

	result_emit(&e, NULL, call.version, r);
	buf_addc(&out, '\n');
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write result");
}

static int tell_versions(void)
{
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out };

	cni_emit_versions(&e, "1.1.0");
	buf_addc(&out, '\n');
	return io_write(STDOUT_FILENO, out.data, out.len) ? 1 : 0;
}

static int work(void)
{
	plugin_fn *fn;

	need_env(call.verb);
	call.id = get("CNI_CONTAINERID");
	call.ifname = get("CNI_IFNAME");
	call.netns = get("CNI_NETNS");
	call.args = get("CNI_ARGS");
	call.path = get("CNI_PATH");
	read_conf();
	cni_open_conf(&call);
	call.type = plugin->name;
	check_verb();
	if (call.verb != CNI_GC && call.verb != CNI_STATUS)
		cni_open_netns(&call);
	if (call.verb == CNI_ADD)
		die_cleanup(abandon);

	struct result r = { 0 };

	if (plugin->chained && call.verb == CNI_ADD) {
		if (!call.has_prev)
			cni_fail(CNI_BAD_CONFIG,
				 "'%s' must follow a plugin that makes an interface", plugin->name);
		result_copy(&r, &call.prev);
	}
	fn = plugin_verb(plugin, call.verb);
	if (fn)
		fn(&call, &r);
	if (call.verb == CNI_ADD)
		answer(&r);
	result_free(&r);
	result_free(&call.prev);
	json_free(call.conf);
	json_free(call.written);
	close_fd(&call.netns_fd);
	return 0;
}

/* Without a command people, and nerdctl, ask who we are. */
int cni_main(const struct plugin *p)
{
	const char *command = get("CNI_COMMAND");

	plugin = p;
	die_name(p->name);
	if (!*command) {
		dprintf(STDERR_FILENO, "CNI %s plugin v1.7.1 (lash %s)\n", p->name, VERSION);
		return 0;
	}
	die_to(to_caller);
	call.verb = verb_of(command);
	return call.verb == CNI_VERSION ? tell_versions() : work();
}
