/* spec - write a config.json to start from. */
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/cgroup.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "runc/runc.h"

#define CONFIG "config.json"

static const char *bundle = ".";
static bool rootless;

static const struct opt opts[] = {
	{ 'b', "bundle", OPT_STR, &bundle, "DIR", "where to write it (default: here)" },
	{ 0, "rootless", OPT_FLAG, &rootless, NULL, "for a user without privileges" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--bundle DIR] [--rootless]",
	.purpose = "Write a " CONFIG " to start from; an existing one is not replaced.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

enum { OPTIONS_MAX = 8 };

struct mount {
	const char *destination, *type, *source;
	const char *options[OPTIONS_MAX]; /* ends with NULL */
};

static const struct mount mounts[] = {
	{ "/proc", "proc", "proc", { NULL } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

/* A new sysfs takes a network namespace of one's own, which a rootless container does not get. */
static const struct mount rootless_sys = { "/sys",
					   "none",
					   "/sys",
					   { "rbind", "nosuid", "noexec", "nodev", "ro" } };

static const char *const args[] = { "sh", NULL };
static const char *const env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL
};
static const char *const capabilities[] = { "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE",
					    NULL };
static const char *const namespaces[] = { "pid", "network", "ipc", "uts", "mount", NULL };
static const char *const masked[] = { "/proc/acpi",
				      "/proc/asound",
				      "/proc/kcore",
				      "/proc/keys",
				      "/proc/latency_stats",
				      "/proc/timer_list",
				      "/proc/timer_stats",
				      "/proc/sched_debug",
				      "/sys/firmware",
				      "/proc/scsi",
				      NULL };
static const char *const read_only[] = { "/proc/bus",		"/proc/fs",
					 "/proc/irq",		"/proc/sys",
					 "/proc/sysrq-trigger", NULL };

static void emit_words(struct emit *e, const char *key, const char *const *v)
{
	emit_array(e, key);
	for (; *v; v++)
		emit_str(e, NULL, *v);
	emit_end(e);
}

static void emit_process(struct emit *e)
{
	emit_object(e, "process");
	emit_bool(e, "terminal", true);
	emit_object(e, "user");
	emit_int(e, "uid", 0);
	emit_int(e, "gid", 0);
	emit_end(e);
	emit_words(e, "args", args);
	emit_words(e, "env", env);
	emit_str(e, "cwd", "/");
	emit_object(e, "capabilities");
	emit_words(e, "bounding", capabilities);
	emit_words(e, "effective", capabilities);
	emit_words(e, "permitted", capabilities);
	emit_end(e);
	emit_array(e, "rlimits");
	emit_object(e, NULL);
	emit_str(e, "type", "RLIMIT_NOFILE");
	emit_int(e, "hard", 1024);
	emit_int(e, "soft", 1024);
	emit_end(e);
	emit_end(e);
	emit_bool(e, "noNewPrivileges", true);
	emit_end(e);
}

static void emit_mount(struct emit *e, const struct mount *m)
{
	emit_object(e, NULL);
	emit_str(e, "destination", m->destination);
	emit_str(e, "type", m->type);
	emit_str(e, "source", m->source);
	if (*m->options)
		emit_array(e, "options");
	for (const char *const *o = m->options; *o; o++) {
		/* A group other than our own is not ours to give. */
		if (!rootless || !str_starts(*o, "gid="))
			emit_str(e, NULL, *o);
	}
	if (*m->options)
		emit_end(e);
	emit_end(e);
}

static void emit_mounts(struct emit *e)
{
	emit_array(e, "mounts");
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		bool is_sys = str_eq(mounts[i].destination, rootless_sys.destination);

		emit_mount(e, rootless && is_sys ? &rootless_sys : &mounts[i]);
	}
	emit_end(e);
}

static void emit_id(struct emit *e, const char *key, uint32_t id)
{
	emit_array(e, key);
	emit_object(e, NULL);
	emit_int(e, "containerID", 0);
	emit_int(e, "hostID", id);
	emit_int(e, "size", 1);
	emit_end(e);
	emit_end(e);
}

static void emit_namespace(struct emit *e, const char *type)
{
	emit_object(e, NULL);
	emit_str(e, "type", type);
	emit_end(e);
}

static bool is_unified(void)
{
	struct cgroup_layout layout;
	bool unified;

	if (cgroup_layout_open(&layout, NULL))
		return false;
	unified = cgroup_is_unified(&layout);
	cgroup_layout_close(&layout);
	return unified;
}

static void emit_namespaces(struct emit *e)
{
	emit_array(e, "namespaces");
	for (const char *const *ns = namespaces; *ns; ns++) {
		if (!rootless || !str_eq(*ns, "network"))
			emit_namespace(e, *ns);
	}
	if (is_unified())
		emit_namespace(e, "cgroup");
	if (rootless)
		emit_namespace(e, "user");
	emit_end(e);
}

static void emit_resources(struct emit *e)
{
	emit_object(e, "resources");
	emit_array(e, "devices");
	emit_object(e, NULL);
	emit_bool(e, "allow", false);
	emit_str(e, "access", "rwm");
	emit_end(e);
	emit_end(e);
	emit_end(e);
}

static void emit_linux(struct emit *e)
{
	emit_object(e, "linux");
	if (rootless) {
		emit_id(e, "uidMappings", geteuid());
		emit_id(e, "gidMappings", getegid());
	} else {
		emit_resources(e);
	}
	emit_namespaces(e);
	emit_words(e, "maskedPaths", masked);
	emit_words(e, "readonlyPaths", read_only);
	emit_end(e);
}

static void emit_spec(struct buf *out)
{
	struct emit e = { .out = out, .indent = 1, .tabs = true, .html = true };

	emit_object(&e, NULL);
	emit_str(&e, "ociVersion", SPEC_VERSION);
	emit_process(&e);
	emit_object(&e, "root");
	emit_str(&e, "path", "rootfs");
	emit_bool(&e, "readonly", true);
	emit_end(&e);
	emit_str(&e, "hostname", "runc");
	emit_mounts(&e);
	emit_linux(&e);
	emit_end(&e);
}

int verb_spec(int argc, char **argv)
{
	_close_ int dirfd = -1, fd = -1;
	_buf_ struct buf out = { 0 };

	runc_parse(argc, argv, &usage, 0, 0);
	dirfd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		die("open bundle '%s'", bundle);
	fd = openat(dirfd, CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		diex("File %s exists. Remove it first", CONFIG);
	if (fd < 0)
		die("create '%s'", CONFIG);
	emit_spec(&out);
	if (io_write(fd, out.data, out.len)) {
		int saved = errno;

		unlinkat(dirfd, CONFIG, 0);
		errno = saved;
		die("write '%s'", CONFIG);
	}
	return 0;
}
