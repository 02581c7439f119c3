/* args - split docker run's command line for the engine, then run the next program.
 *
 * What the engine itself acts on goes into the environment as run_*; what ends in config.json stays
 * argv: the next program's own words, then bundle's options, "--", and the container's command.
 */
#include <sys/random.h>

#include "engine/args.h"
#include "lib/buf.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/ref.h"
#include "lib/sys.h"

static struct {
	const char *name, *pull, *platform, *log_driver, *stop_timeout, *cidfile, *detach_keys, *ip,
		*restart, *runtime, *cgroup_parent;
	struct strv network, network_alias, publish, expose, dns, dns_search, dns_option, add_host,
		log_opt, attach;
	bool detach, rm, interactive, publish_all, quiet, sig_proxy, healthcheck_off;
} own = { .sig_proxy = true };

/* Options the engine acts on. */
static const struct opt own_opts[] = {
	{ 0, "name", OPT_STR, &own.name, "NAME", "name of the container" },
	{ 'd', "detach", OPT_FLAG, &own.detach, NULL, "run in the background, print the ID" },
	{ 0, "rm", OPT_FLAG, &own.rm, NULL, "remove the container when it has ended" },
	{ 'i', "interactive", OPT_FLAG, &own.interactive, NULL, "connect standard input" },
	{ 'a', "attach", OPT_STRV, &own.attach, "STREAM", "connect stdin, stdout or stderr" },
	{ 0, "detach-keys", OPT_STR, &own.detach_keys, "KEYS", "leave by these (ctrl-p,ctrl-q)" },
	{ 0, "sig-proxy", OPT_FLAG, &own.sig_proxy, NULL, "pass signals on (true)" },
	{ 0, "network", OPT_STRV, &own.network, "NETWORK",
	  "bridge, none, host, container:NAME or a network" },
	{ 0, "net", OPT_STRV, &own.network, "NETWORK", "the same" },
	{ 0, "network-alias", OPT_STRV, &own.network_alias, "NAME",
	  "one more name on its network" },
	{ 0, "ip", OPT_STR, &own.ip, "ADDRESS", "IPv4 address" },
	{ 'p', "publish", OPT_STRV, &own.publish, "PORTS", "[[IP:]HOST:]CONTAINER[/PROTOCOL]" },
	{ 'P', "publish-all", OPT_FLAG, &own.publish_all, NULL, "publish what the image exposes" },
	{ 0, "expose", OPT_STRV, &own.expose, "PORT", "one more port for -P" },
	{ 0, "dns", OPT_STRV, &own.dns, "ADDRESS", "name server" },
	{ 0, "dns-search", OPT_STRV, &own.dns_search, "DOMAIN", "search domain" },
	{ 0, "dns-option", OPT_STRV, &own.dns_option, "OPTION", "resolver option" },
	{ 0, "dns-opt", OPT_STRV, &own.dns_option, "OPTION", "the same" },
	{ 0, "add-host", OPT_STRV, &own.add_host, "NAME:ADDRESS", "line of /etc/hosts" },
	{ 0, "pull", OPT_STR, &own.pull, "WHEN", "always, missing or never" },
	{ 0, "platform", OPT_STR, &own.platform, "OS/ARCH", "which of an image's platforms" },
	{ 'q', "quiet", OPT_FLAG, &own.quiet, NULL, "no progress of a pull" },
	{ 0, "log-driver", OPT_STR, &own.log_driver, "DRIVER", "json-file, k8s-file or none" },
	{ 0, "log-opt", OPT_STRV, &own.log_opt, "KEY=VALUE", "max-size, max-file, compress" },
	{ 0, "stop-timeout", OPT_STR, &own.stop_timeout, "SECONDS", "how long stop waits (10)" },
	{ 0, "cidfile", OPT_STR, &own.cidfile, "FILE", "write the ID there" },
	{ 0, "restart", OPT_STR, &own.restart, "POLICY", "no" },
	{ 0, "runtime", OPT_STR, &own.runtime, "PROGRAM", "OCI runtime (runc)" },
	{ 0, "cgroup-parent", OPT_STR, &own.cgroup_parent, "GROUP",
	  "group the container's is made in (/lash)" },
};

/* Options for bundle: only whether they take a value matters here. */
static const struct pass {
	char letter;
	const char *name, *argname, *help;
} passes[] = {
	{ 'e', "env", "NAME[=VALUE]", "set or pass on a variable" },
	{ 0, "env-file", "FILE", "variables, one a line" },
	{ 'u', "user", "USER[:GROUP]", "user, by name or number" },
	{ 0, "group-add", "GROUP", "one more group" },
	{ 'w', "workdir", "DIR", "working directory" },
	{ 0, "entrypoint", "COMMAND", "replace the image's entrypoint" },
	{ 't', "tty", NULL, "on a terminal of its own" },
	{ 0, "init", NULL, "an init that reaps and forwards signals" },
	{ 0, "ulimit", "NAME=SOFT[:HARD]", "resource limit" },
	{ 0, "oom-score-adj", "N", "-1000 to 1000" },
	{ 'v', "volume", "[SRC:]DST[:OPT]", "bind mount or volume" },
	{ 0, "mount", "KEY=VALUE,...", "bind mount, volume or tmpfs" },
	{ 0, "tmpfs", "DST[:OPT]", "memory file system" },
	{ 0, "shm-size", "SIZE", "size of /dev/shm (64m)" },
	{ 0, "read-only", NULL, "root file system read-only" },
	{ 0, "pid", "MODE", "host, or container:NAME" },
	{ 0, "ipc", "MODE", "host, none, private, or container:NAME" },
	{ 0, "uts", "MODE", "host" },
	{ 0, "userns", "MODE", "host" },
	{ 0, "cgroupns", "MODE", "host or private" },
	{ 'h', "hostname", "NAME", "host name (the short ID)" },
	{ 0, "domainname", "NAME", "NIS domain name" },
	{ 'm', "memory", "SIZE", "memory limit" },
	{ 0, "memory-reservation", "SIZE", "soft memory limit" },
	{ 0, "memory-swap", "SIZE", "memory and swap; -1: unlimited" },
	{ 0, "memory-swappiness", "N", "0 to 100 (cgroup v1)" },
	{ 0, "oom-kill-disable", NULL, "wait instead (cgroup v1)" },
	{ 0, "cpus", "N", "CPU time, in CPUs" },
	{ 'c', "cpu-shares", "N", "relative weight" },
	{ 0, "cpu-period", "US", "CFS period" },
	{ 0, "cpu-quota", "US", "CFS quota" },
	{ 0, "cpuset-cpus", "LIST", "CPUs" },
	{ 0, "cpuset-mems", "LIST", "memory nodes" },
	{ 0, "pids-limit", "N", "processes and threads" },
	{ 0, "blkio-weight", "N", "10 to 1000" },
	{ 0, "device-read-bps", "DEVICE:SIZE", "bytes a second" },
	{ 0, "device-write-bps", "DEVICE:SIZE", "bytes a second" },
	{ 0, "device-read-iops", "DEVICE:N", "reads a second" },
	{ 0, "device-write-iops", "DEVICE:N", "writes a second" },
	{ 0, "cap-add", "CAP|ALL", "one more capability" },
	{ 0, "cap-drop", "CAP|ALL", "one less" },
	{ 0, "privileged", NULL, "all capabilities and devices" },
	{ 0, "security-opt", "OPT",
	  "seccomp=, no-new-privileges, apparmor=, label=, systempaths=" },
	{ 0, "device", "SRC[:DST[:rwm]]", "a device of the host" },
	{ 0, "device-cgroup-rule", "RULE", "'c 7:* rwm'" },
	{ 0, "sysctl", "NAME=VALUE", "kernel parameter" },
	{ 0, "annotation", "KEY=VALUE", "annotation" },
	{ 'l', "label", "KEY[=VALUE]", "label" },
	{ 0, "label-file", "FILE", "labels, one a line" },
	{ 0, "stop-signal", "SIGNAL", "what stop sends first" },
	{ 0, "hook", "STAGE=PATH[,ARG]...", "OCI hook" },
};

enum { N_OWN = ARRAY_LEN(own_opts), N_PASS = ARRAY_LEN(passes) };

static struct strv pass_values[N_PASS];
static bool pass_flags[N_PASS];
static struct opt table[N_OWN + N_PASS + 1];

static void build_table(void)
{
	memcpy(table, own_opts, sizeof(own_opts));
	for (size_t i = 0; i < N_PASS; i++) {
		const struct pass *p = &passes[i];

		table[N_OWN + i] = (struct opt){ p->letter,
						 p->name,
						 p->argname ? OPT_STRV : OPT_FLAG,
						 p->argname ? (void *)&pass_values[i]
							    : &pass_flags[i],
						 p->argname,
						 p->help };
	}
}

static size_t pass_index(const char *name)
{
	size_t i = 0;

	while (!str_eq(passes[i].name, name))
		i++;
	return i;
}

/* The last value given for an option of bundle's, or NULL. */
static const char *pass_value(const char *name)
{
	const struct strv *l = &pass_values[pass_index(name)];

	return l->n ? l->v[l->n - 1] : NULL;
}

static void pass_set(const char *name, const char *value)
{
	strv_add(&pass_values[pass_index(name)], value);
}

static void put(const char *variable, const char *value)
{
	_free_ char *name = xasprintf("run_%s", variable);

	if (value && strchr(value, '\n'))
		opt_misuse("newline in '%s'", value);
	if (value && setenv(name, value, 1))
		die("set %s", name);
	if (!value)
		unsetenv(name);
}

static void put_flag(const char *variable, bool on)
{
	put(variable, on ? "1" : NULL);
}

/* A list of words, one a line. */
static void put_lines(const char *variable, const struct strv *l)
{
	_free_ char *name = xasprintf("run_%s", variable);
	_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (!*l->v[i] || strchr(l->v[i], '\n'))
			opt_misuse("empty value or newline in '%s'", l->v[i]);
		buf_addf(&b, "%s%s", i ? "\n" : "", l->v[i]);
	}
	if (b.len ? setenv(name, buf_str(&b), 1) : unsetenv(name))
		die("set %s", name);
}

static void add_options(struct strv *out, const char *option, const struct strv *values)
{
	for (size_t i = 0; i < values->n; i++) {
		strv_add(out, option);
		strv_add(out, values->v[i]);
	}
}

/* Once, and mostly a word of docker's own. */
static const char *network(void)
{
	const char *n = own.network.n ? own.network.v[0] : "bridge";

	if (own.network.n > 1)
		opt_misuse("more than one --network");
	if (str_eq(n, "default"))
		n = "bridge";
	if (!str_starts(n, "container:") && !str_is_name(n))
		opt_misuse("invalid network '%s'", n);
	return n;
}

static void put_network(void)
{
	const char *net = network();
	bool on_bridge = !str_eq(net, "host") && !str_eq(net, "none") &&
			 !str_starts(net, "container:");
	_strv_ struct strv args = { 0 };

	if (!on_bridge && own.ip)
		opt_misuse("--ip does not go with network '%s'", net);
	if (str_starts(net, "container:") && own.publish.n)
		opt_misuse("--publish does not go with network '%s'", net);
	if (own.network_alias.n && (!on_bridge || str_eq(net, "bridge")))
		opt_misuse("--network-alias does not go with network '%s'", net);
	if (on_bridge) {
		add_options(&args, "--alias", &own.network_alias);
		add_options(&args, "-p", &own.publish);
		if (own.ip) {
			strv_add(&args, "--ip");
			strv_add(&args, own.ip);
		}
		if (!str_eq(net, "bridge")) {
			strv_add(&args, "--network");
			strv_add(&args, net);
		}
	}
	put("network", net);
	put_flag("bridged", on_bridge);
	put_lines("netns_args", &args);
	put_flag("publish_all", own.publish_all);
	put_lines("expose", &own.expose);
}

static void put_etc(void)
{
	_strv_ struct strv args = { 0 };
	struct strv one = { 0 };
	const char *domain = pass_value("domainname");

	add_options(&args, "--dns", &own.dns);
	add_options(&args, "--dns-search", &own.dns_search);
	add_options(&args, "--dns-option", &own.dns_option);
	add_options(&args, "--add-host", &own.add_host);
	if (domain) {
		strv_add(&one, domain);
		add_options(&args, "--domainname", &one);
		strv_free(&one);
	}
	put_lines("etc_args", &args);
}

static void put_log(void)
{
	static const char *const drivers[] = { "json-file", "k8s-file", "none" };
	const char *driver = own.log_driver ? own.log_driver : "json-file";
	_strv_ struct strv args = { 0 };
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		known |= str_eq(driver, drivers[i]);
	if (!known)
		opt_misuse("unknown --log-driver '%s': json-file, k8s-file or none", driver);
	for (size_t i = 0; i < own.log_opt.n; i++) {
		const char *size = str_after(own.log_opt.v[i], "max-size=");
		const char *files = str_after(own.log_opt.v[i], "max-file=");
		bool compress = str_eq(own.log_opt.v[i], "compress=true");

		if (compress)
			strv_add(&args, "--log-compress");
		if (compress || str_eq(own.log_opt.v[i], "compress=false"))
			continue;
		if (!size && !files)
			opt_misuse("unknown --log-opt '%s': max-size=, max-file= or compress=",
				   own.log_opt.v[i]);
		strv_add(&args, size ? "--log-max-size" : "--log-max-files");
		strv_add(&args, size ? size : files);
	}
	put("log_driver", driver);
	put_lines("log_args", &args);
}

static void put_stop(void)
{
	int seconds;

	if (own.stop_timeout && num_int(own.stop_timeout, -1, INT32_MAX, &seconds))
		opt_misuse("invalid --stop-timeout '%s'", own.stop_timeout);
	put("stop_timeout", own.stop_timeout);
}

/* 64 hex digits whose first twelve, the default host name, are not a number. */
static void new_id(char id[65])
{
	unsigned char random[32];

	do {
		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			die("get random bytes");
		for (size_t i = 0; i < sizeof(random); i++)
			snprintf(id + 2 * i, 3, "%02x", random[i]);
	} while (strspn(id, "0123456789") >= 12);
}

/* Docker's rule is a little stricter than our own names: two characters, the first no sign. */
static bool is_container_name(const char *s)
{
	return str_is_name(s) && s[1] && !strchr("_.+-", *s) && !strchr(s, '+');
}

static void put_identity(void)
{
	const char *given = own.name && *own.name == '/' ? own.name + 1 : own.name;
	char id[65], short_id[13], name[NAME_MAX_BYTES];

	new_id(id);
	snprintf(short_id, sizeof(short_id), "%.12s", id);
	if (given && !is_container_name(given))
		opt_misuse(
			"invalid container name '%s', only [a-zA-Z0-9][a-zA-Z0-9_.-]+ are allowed",
			given);
	if (!given)
		name_random(name);
	put("id", id);
	put("name", given ? given : name);
	put_flag("name_given", given);
	if (!pass_value("hostname") && !(pass_value("uts") && str_eq(pass_value("uts"), "host")))
		pass_set("hostname", short_id);
	put("hostname", pass_value("hostname"));
	put("cgroup",
	    xasprintf("%s/%s",
		      own.cgroup_parent ? own.cgroup_parent : sys_dir("LASH_GROUP", "/lash"), id));
}

static void put_image(const char *image)
{
	_free_ char *full = NULL;
	struct ref ref;
	const char *why;

	if (own.pull && !str_eq(own.pull, "always") && !str_eq(own.pull, "missing") &&
	    !str_eq(own.pull, "never"))
		opt_misuse("invalid --pull '%s': always, missing or never", own.pull);
	if (ref_parse(image, &ref, &why))
		die_with(125, "invalid reference '%s': %s", image, why);
	full = ref_full(&ref);
	put("image", image);
	put("ref", full);
	put("pull", own.pull ? own.pull : "missing");
	put("platform", own.platform);
	put_flag("quiet", own.quiet);
}

/* container:NAME is the engine's to resolve; it gives bundle a path at each start. */
static void put_joined(const char *option)
{
	const char *value = pass_value(option),
		   *other = value ? str_after(value, "container:") : NULL;

	if (other && !str_is_name(other))
		opt_misuse("invalid --%s '%s'", option, value);
	put(option, other);
	if (other)
		strv_free(&pass_values[pass_index(option)]);
}

static void put_rest(void)
{
	if (own.restart && !str_eq(own.restart, "no") && *own.restart)
		opt_misuse("restart policy '%s' is not supported", own.restart);
	if (own.rm && own.restart && *own.restart && !str_eq(own.restart, "no"))
		opt_misuse("--rm and --restart exclude each other");
	if (own.detach && own.attach.n)
		opt_misuse("--detach and --attach exclude each other");
	put_flag("detach", own.detach);
	put_flag("rm", own.rm);
	put_flag("stdin", own.interactive || strv_index(own.attach.v, "stdin") >= 0);
	put_flag("tty", pass_flags[pass_index("tty")]);
	put("detach_keys", own.detach_keys);
	put_flag("no_sig_proxy", !own.sig_proxy);
	put("cidfile", own.cidfile);
	put("runtime", own.runtime);
}

static void add_passed(struct strv *out)
{
	for (size_t i = 0; i < N_PASS; i++) {
		_free_ char *option = xasprintf("--%s", passes[i].name);

		add_options(out, option, &pass_values[i]);
		if (pass_flags[i])
			strv_add(out, option);
	}
}

/* args NEXT [ARG]... -- VERB [OPTION]... IMAGE [COMMAND [ARG]...] */
int main(int argc, char **argv)
{
	static const struct opt none[] = { { 0 } };
	const struct usage self = { "NEXT [ARG]... -- VERB [OPTION]... IMAGE [COMMAND [ARG]...]",
				    "Split docker run's command line, then run NEXT.", none,
				    OPT_CHAIN, NULL };
	const struct usage u = { "[OPTION]... IMAGE [COMMAND [ARG]...]",
				 "Run a container of an image.", table, OPT_CHAIN, NULL };
	_strv_ struct strv next = { 0 };
	int at;

	opt_program(argv[0]);
	for (at = opt_parse(argc, argv, &self); at < argc && !str_eq(argv[at], "--"); at++)
		strv_add(&next, argv[at]);
	if (!next.n || at + 1 >= argc)
		opt_misuse("need a program, '--' and a verb");
	argc -= at + 1;
	argv += at + 1;
	die_name(xasprintf("lash %s", argv[0]));
	build_table();
	at = opt_parse(argc, argv, &u);
	if (at >= argc)
		opt_misuse("need an image");
	put_image(argv[at]);
	put_network();
	put_etc();
	put_log();
	put_stop();
	put_identity();
	put_joined("pid");
	put_joined("ipc");
	put_rest();
	add_passed(&next);
	strv_add(&next, "--");
	for (at++; at < argc; at++)
		strv_add(&next, argv[at]);
	xexec(next.v);
}
