/* runc - run containers as the OCI runtime specification says. */
#include <sys/prctl.h>
#include <sys/stat.h>

#include <signal.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/sys.h"
#include "runc/log.h"
#include "runc/runc.h"
#include "runc/scope.h"
#include "runc/self.h"

struct globals runc_globals = { .criu = "criu" };

static const char *root, *log_target, *log_format = "text", *log_level = "warning";
static const char *rootless = "auto", *manager = "cgroupfs";
static bool systemd_cgroup;

static void show_version(const char *value _unused_)
{
	printf("runc version %s\nspec: %s\n", VERSION, SPEC_VERSION);
	exit(fflush(stdout) ? 1 : 0);
}

static int verb_help(int argc _unused_, char **argv _unused_);

static const struct opt opts[] = {
	{ 0, "root", OPT_STR, &root, "DIR", "where state lives (/run/runc)" },
	{ 0, "log", OPT_STR, &log_target, "TARGET", "log to a file, syslog:NAME or journald:NAME" },
	{ 0, "log-format", OPT_STR, &log_format, "FORMAT", "text or json" },
	{ 0, "log-level", OPT_STR, &log_level, "LEVEL", "error, warning or debug" },
	{ 0, "debug", OPT_FLAG, &runc_globals.debug, NULL, "trace what is done" },
	{ 0, "criu", OPT_STR, &runc_globals.criu, "PROGRAM", "criu for checkpoints" },
	{ 0, "rootless", OPT_STR, &rootless, "WHEN",
	  "true, false or auto: bear missing privileges" },
	{ 0, "cgroup-manager", OPT_STR, &manager, "NAME", "cgroupfs, systemd or disabled" },
	{ 0, "systemd-cgroup", OPT_FLAG, &systemd_cgroup, NULL,
	  "the same as --cgroup-manager=systemd" },
	{ 'v', "version", OPT_CALL, opt_fn(show_version), NULL, "show the versions" },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "check", verb_check, "tell all that is wrong with a bundle" },
	{ "checkpoint", verb_checkpoint, "freeze a container into files" },
	{ "create", verb_create, "make a container, ready to start" },
	{ "delete", verb_delete, "remove a container" },
	{ "events", verb_events, "tell what a container uses, as it goes" },
	{ "exec", verb_exec, "run one more process in a container" },
	{ "features", verb_features, "tell what this runtime can do" },
	{ "kill", verb_kill, "send a signal to a container" },
	{ "list", verb_list, "list containers" },
	{ "mounts", verb_mounts, "add mounts to a running container" },
	{ "pause", verb_pause, "freeze a container" },
	{ "ps", verb_ps, "list a container's processes" },
	{ "restore", verb_restore, "make a container from a checkpoint" },
	{ "resume", verb_resume, "thaw a container" },
	{ "run", verb_run, "create and start a container" },
	{ "spec", verb_spec, "write a config.json to start from" },
	{ "start", verb_start, "start a created container" },
	{ "state", verb_state, "tell a container's state" },
	{ "update", verb_update, "change a container's limits" },
	{ "wait", verb_wait, "wait for a container's end" },
	{ "help", verb_help, NULL },
	{ 0 },
};

static const struct usage usage = {
	"[OPTIONS] VERB [ARG]...",
	"Run containers as the OCI runtime specification says.",
	opts,
	OPT_STOP | OPT_SINGLE,
	verbs,
};

static int verb_help(int argc _unused_, char **argv _unused_)
{
	char name[] = "runc", flag[] = "--help", *args[] = { name, flag, NULL };

	die_name("runc");
	return opt_parse(2, args, &usage);
}

/* The first user namespace has a fixed inode number (PROC_USER_INIT_INO in linux/proc_ns.h). */
static bool is_in_userns(void)
{
	struct stat st;

	return !stat("/proc/self/ns/user", &st) && st.st_ino != 0xeffffffd;
}

static bool is_rootless(void)
{
	if (str_eq(rootless, "true") || str_eq(rootless, "false"))
		return str_eq(rootless, "true");
	if (!str_eq(rootless, "auto"))
		opt_misuse("--rootless takes true, false or auto, not '%s'", rootless);
	return geteuid() != 0 || is_in_userns();
}

/* An engine of a user's runs us as root of a namespace: the directory is still that user's. */
static bool is_users_own(void)
{
	const char *user = getenv("USER");

	return geteuid() || (is_in_userns() && (!user || !str_eq(user, "root")));
}

/* The sticky bit keeps those away that clean up temporary files. */
static char *make_users_root(const char *xdg)
{
	char *path = xasprintf("%s/runc", xdg);

	if (!mkdir(path, 0700) && chmod(path, 01700))
		die("make '%s'", path);
	return path;
}

static const char *find_root(void)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	if (root && *root) {
		char *abs = *root == '/' ? xstrdup(root) : NULL;

		if (!abs) {
			_free_ char *cwd = getcwd(NULL, 0);

			abs = xasprintf("%s/%s", cwd ? cwd : "", root);
		}
		return abs;
	}
	return xdg && *xdg && is_users_own() ? make_users_root(xdg) : "/run/runc";
}

static void set_globals(void)
{
	runc_globals.root = find_root();
	runc_globals.root_given = root && *root;
	runc_globals.rootless = is_rootless();
	runc_globals.no_cgroups = str_eq(manager, "disabled");
	runc_globals.debug |= str_eq(log_level, "debug");
	if (runc_globals.debug)
		setenv("LASH_DEBUG", "1", 1);
	if (str_eq(runc_globals.root, "/"))
		opt_misuse("--root must not be '/'");
	runc_globals.systemd = systemd_cgroup || str_eq(manager, "systemd");
	if (!runc_globals.no_cgroups && !runc_globals.systemd && !str_eq(manager, "cgroupfs"))
		opt_misuse("--cgroup-manager: unknown manager '%s'", manager);
}

int runc_parse(int argc, char **argv, const struct usage *u, int min, int max)
{
	int at = opt_parse(argc, argv, u);
	int n = argc - at;

	if (n < min)
		opt_misuse("\"%s\" requires %s %d argument(s)", argv[0],
			   min == max ? "exactly" : "a minimum of", min);
	if (max >= 0 && n > max)
		opt_misuse("\"%s\" requires %s %d argument(s)", argv[0],
			   min == max ? "exactly" : "a maximum of", max);
	return at;
}

void runc_check_id(const char *id)
{
	if (!*id)
		diex("container id cannot be empty");
	if (!str_is_name(id))
		diex("invalid container ID format: '%s'", id);
}

int main(int argc, char **argv)
{
	int at;

	opt_program("runc");
	if (fd_fill_stdio())
		die("open '/dev/null'");
	/* A caller that ignores it would have our children's ends ignored, too. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		die("reset SIGCHLD");
	at = opt_parse(argc, argv, &usage);
	set_globals();
	log_open(log_target, log_format, runc_globals.debug ? "debug" : log_level);
	scope_called(argv[0]);
	self_protect(argv + at, argv);
	return opt_run_verb(argc, argv, &usage);
}
