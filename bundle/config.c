/* config.c - reading, making and writing the config.json tree. */
#include <linux/magic.h>
#include <sys/vfs.h>

#include "bundle/config.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/sys.h"

struct json *config_read(int fd, const char *name, size_t max)
{
	_buf_ struct buf b = { 0 };
	char why[JSON_WHY_MAX];
	struct json *j;

	if (io_read_all(fd, max, &b))
		die("read '%s'", name);
	j = json_parse(buf_str(&b), b.len, JSON_LAST_WINS, why);
	if (!j)
		diex("parse '%s': %s", name, why);
	return j;
}

void config_print(const struct json *config)
{
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b, .tabs = true, .indent = 1 };

	emit_json(&e, NULL, config);
	buf_addc(&b, '\n');
	if (io_write(STDOUT_FILENO, b.data, b.len))
		die("write standard output");
}

void tree_set_str(struct json *obj, const char *key, const char *value)
{
	json_set(obj, key, json_new_str(value));
}

void tree_drop(struct json *obj, const char *key)
{
	const struct json *m = json_get(obj, key);

	if (m)
		json_remove(obj, m);
}

void tree_get_strv(const struct json *array, struct strv *out)
{
	for (const struct json *e = array ? array->child : NULL; e; e = e->next)
		if (e->type == JSON_STRING)
			strv_add(out, e->text);
}

struct json *tree_new_strv(char *const *v)
{
	struct json *array = json_new(JSON_ARRAY);

	for (; v && *v; v++)
		json_append(array, json_new_str(*v));
	return array;
}

static void env_change(struct json *config, const char *name, size_t len, const char *entry)
{
	struct json *process = tree_obj(config, "process"), *env = tree_array(process, "env");
	_strv_ struct strv kept = { 0 };
	bool done = !entry;

	for (const struct json *e = env->child; e; e = e->next) {
		bool same = e->type == JSON_STRING && !strncmp(e->text, name, len) &&
			    e->text[len] == '=';

		if (e->type != JSON_STRING || (same && done))
			continue;
		strv_add(&kept, same ? entry : e->text);
		done |= same;
	}
	if (!done)
		strv_add(&kept, entry);
	json_set(process, "env", tree_new_strv(kept.v));
}

void tree_setenv(struct json *config, const char *entry)
{
	env_change(config, entry, strcspn(entry, "="), entry);
}

void tree_unsetenv(struct json *config, const char *name)
{
	env_change(config, name, strlen(name), NULL);
}

struct default_mount {
	const char *destination, *type, *source, *options;
};

/* dockerd's, in its order. */
static const struct default_mount mounts[] = {
	{ "/proc", "proc", "proc", "nosuid,noexec,nodev" },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k" },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "ro,nosuid,noexec,nodev" },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=67108864" },
};

static struct json *default_mounts(void)
{
	struct json *array = json_new(JSON_ARRAY);

	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		struct json *m = json_append(array, json_new(JSON_OBJECT));
		_strv_ struct strv options = { 0 };

		strv_split(&options, mounts[i].options, ',');
		tree_set_str(m, "destination", mounts[i].destination);
		tree_set_str(m, "type", mounts[i].type);
		tree_set_str(m, "source", mounts[i].source);
		json_set(m, "options", tree_new_strv(options.v));
	}
	return array;
}

struct default_device {
	bool allow;
	const char *type;
	int major, minor;
};

static const struct default_device devices[] = {
	{ false, NULL, 0, 0 },	/* everything, until a later rule says otherwise */
	{ true, "c", 1, 5 },	/* zero */
	{ true, "c", 1, 3 },	/* null */
	{ true, "c", 1, 9 },	/* urandom */
	{ true, "c", 1, 8 },	/* random */
	{ true, "c", 5, 0 },	/* tty */
	{ true, "c", 5, 1 },	/* console */
	{ false, "c", 10, 229 } /* fuse */
};

static struct json *default_devices(void)
{
	struct json *array = json_new(JSON_ARRAY);

	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		struct json *d = json_append(array, json_new(JSON_OBJECT));

		json_set(d, "allow", json_new_bool(devices[i].allow));
		if (devices[i].type) {
			tree_set_str(d, "type", devices[i].type);
			json_set(d, "major", json_new_int(devices[i].major));
			json_set(d, "minor", json_new_int(devices[i].minor));
		}
		tree_set_str(d, "access", "rwm");
	}
	return array;
}

static const char *const masked_paths[] = {
	"/proc/asound",
	"/proc/acpi",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static struct json *new_list(const char *const *v)
{
	struct json *array = json_new(JSON_ARRAY);

	for (; *v; v++)
		json_append(array, json_new_str(*v));
	return array;
}

static bool is_unified(void)
{
	struct statfs fs;

	return !statfs(sys_cgroup_root(), &fs) && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static struct json *default_namespaces(void)
{
	static const char *const types[] = { "mount", "network", "uts", "pid", "ipc", "cgroup" };
	/* On cgroup v1 docker shows the host's tree; tools in old images expect it. */
	size_t n = ARRAY_LEN(types) - (is_unified() ? 0 : 1);
	struct json *array = json_new(JSON_ARRAY);

	for (size_t i = 0; i < n; i++)
		tree_set_str(json_append(array, json_new(JSON_OBJECT)), "type", types[i]);
	return array;
}

struct json *config_default(void)
{
	struct json *config = json_new(JSON_OBJECT), *process, *user, *linux_;

	tree_set_str(config, "ociVersion", "1.0.2");
	process = tree_obj(config, "process");
	user = tree_obj(process, "user");
	json_set(user, "uid", json_new_int(0));
	json_set(user, "gid", json_new_int(0));
	tree_array(process, "args");
	tree_array(process, "env");
	tree_setenv(config, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	tree_set_str(process, "cwd", "/");
	tree_obj(process, "capabilities");
	json_set(process, "oomScoreAdj", json_new_int(0));
	tree_obj(config, "root");
	json_set(config, "mounts", default_mounts());
	linux_ = tree_obj(config, "linux");
	json_set(tree_obj(linux_, "resources"), "devices", default_devices());
	json_set(linux_, "namespaces", default_namespaces());
	json_set(linux_, "maskedPaths", new_list(masked_paths));
	json_set(linux_, "readonlyPaths", new_list(readonly_paths));
	return config;
}

void apply_all(struct json *config, const struct request *r, const struct strv *image_volumes,
	       bool fresh)
{
	apply_identity(config, r);
	apply_process(config, r);
	apply_namespaces(config, r);
	apply_mounts(config, r, image_volumes);
	apply_resources(config, r);
	apply_devices(config, r);
	apply_security(config, r, fresh);
	apply_init(config, r);
}
