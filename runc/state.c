#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/cgroup.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/ns.h"
#include "lib/path.h"
#include "lib/proc.h"
#include "lib/str.h"
#include "lib/utc.h"
#include "runc/ending.h"
#include "runc/group.h"
#include "runc/runc.h"
#include "runc/state.h"

#define STATE_FILE "state.json"
enum { STATE_MAX_BYTES = 1 << 20 };

static const struct field fields[] = {
	STR(struct container, bundle, 0),
	STR(struct container, rootfs, 0),
	STR(struct container, created, 0),
	STR(struct container, started, 0),
	STR(struct container, cgroup, 0),
	STR(struct container, unit, 0),
	STR(struct container, ociVersion, 0),
	STR(struct container, rdt, 0),
	BOOL(struct container, rdt_made),
	BOOL(struct container, rdt_monitor),
	MAP(struct container, annotations, 0),
	MAP(struct container, cgroup_paths, 0),
	BOOL(struct container, rootless),
	BOOL(struct container, no_poststop),
	I64(struct container, creator_pid, 0),
	U64(struct container, creator_start, 0),
	I64(struct container, init_process_pid, 0),
	U64(struct container, init_process_start, 0),
	END,
};
static const struct schema schema = { sizeof(struct container), fields };

char *state_now(void)
{
	char text[UTC_MAX];

	return xstrdup(utc_now(9, text));
}

int container_make(struct container *c, const char *root, const char *id)
{
	_close_ int rootfd = path_open_dir(root, 0711);
	struct proc_stat self;
	pid_t creator = getpid();

	*c = (struct container)CONTAINER_NONE;
	if (rootfd < 0 || proc_read_stat(creator, &self) || mkdirat(rootfd, id, 0711))
		return -1;
	c->dirfd = path_lock_dir(rootfd, id, true, false);
	if (c->dirfd < 0) {
		int saved = errno;

		unlinkat(rootfd, id, AT_REMOVEDIR);
		return set_errno(saved);
	}
	c->id = xstrdup(id);
	c->created = state_now();
	c->creator_pid = creator;
	c->creator_start = self.start_ticks;
	return 0;
}

static int read_state(struct container *c)
{
	char why[JSON_WHY_MAX];
	_buf_ struct buf text = { 0 };

	/* EINVAL is what a broken record is told by, and nothing else may be. */
	if (file_read(c->dirfd, STATE_FILE, STATE_MAX_BYTES, &text))
		return set_errno(errno == ENOENT ? EINVAL : errno == EINVAL ? EIO : errno);

	_json_ struct json *tree = json_parse(buf_str(&text), text.len, 0, why);

	if (!tree || decode(&schema, tree, "", c, why)) {
		debug("container '%s': %s: %s", c->id, STATE_FILE, why);
		return set_errno(EINVAL);
	}
	return 0;
}

int container_load(struct container *c, const char *root, const char *id, bool locked)
{
	_close_ int rootfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*c = (struct container)CONTAINER_NONE;
	if (rootfd < 0)
		return -1;
	c->dirfd = locked ? path_lock_dir(rootfd, id, true, false)
			  : openat(rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->dirfd < 0)
		return -1;
	c->id = xstrdup(id);
	return read_state(c);
}

static void emit_map(const struct decode_map *m, const char *key, struct emit *e)
{
	emit_object(e, key);
	for (size_t i = 0; i < m->n; i++)
		emit_str(e, m->v[i].key, m->v[i].value);
	emit_end(e);
}

static void emit_rdt(const struct container *c, struct emit *e)
{
	_free_ char *path = c->rdt ? xasprintf("/sys/fs/resctrl/%s", c->rdt) : xstrdup("");

	emit_str(e, "intel_rdt_path", path);
	emit_str_if(e, "rdt", c->rdt);
	emit_bool(e, "rdt_made", c->rdt_made);
	emit_bool(e, "rdt_monitor", c->rdt_monitor);
}

/* What readers of opencontainers/runc's state.json look for besides the pid. */
static void emit_foreign(const struct container *c, struct emit *e)
{
	static const char *const types[NS_TYPES] = { "NEWCGROUP", "NEWIPC",  "NEWUTS", "NEWNET",
						     "NEWPID",	  "NEWTIME", "NEWNS",  "NEWUSER" };

	emit_map(&c->cgroup_paths, "cgroup_paths", e);
	emit_object(e, "namespace_paths");
	for (size_t i = 0; c->init_process_pid && i < NS_TYPES; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)c->init_process_pid,
			 ns_types[i].proc);
		emit_str(e, types[i], path);
	}
	emit_end(e);
	emit_object(e, "config");
	emit_str_if(e, "rootfs", c->rootfs);
	emit_end(e);
	emit_rdt(c, e);
}

int container_save(const struct container *c)
{
	_buf_ struct buf text = { 0 };
	struct emit e = { .out = &text };

	emit_object(&e, NULL);
	emit_str(&e, "id", c->id);
	emit_int(&e, "init_process_pid", c->init_process_pid);
	emit_u64(&e, "init_process_start", c->init_process_start);
	emit_str_if(&e, "created", c->created);
	emit_str_if(&e, "started", c->started);
	emit_bool(&e, "rootless", c->rootless);
	emit_bool(&e, "no_poststop", c->no_poststop);
	emit_int(&e, "creator_pid", c->creator_pid);
	emit_u64(&e, "creator_start", c->creator_start);
	emit_str_if(&e, "bundle", c->bundle);
	emit_str_if(&e, "rootfs", c->rootfs);
	emit_str_if(&e, "cgroup", c->cgroup);
	emit_str_if(&e, "unit", c->unit);
	emit_str_if(&e, "ociVersion", c->ociVersion);
	emit_map(&c->annotations, "annotations", &e);
	emit_foreign(c, &e);
	emit_end(&e);
	return file_replace(c->dirfd, STATE_FILE, 0600, text.data, text.len, false);
}

void container_unlock(const struct container *c)
{
	/* Unlocking a lock we hold cannot fail. */
	flock(c->dirfd, LOCK_UN);
}

int container_lock(const struct container *c)
{
	struct stat st;
	int rc;

	do {
		rc = flock(c->dirfd, LOCK_EX);
	} while (rc && errno == EINTR);
	if (rc || fstat(c->dirfd, &st))
		return -1;
	return st.st_nlink ? 0 : set_errno(ENOENT);
}

void container_free(struct container *c)
{
	int dirfd = c->dirfd;

	close_fd(&dirfd);
	free(c->id);
	decode_free(&schema, c);
	c->dirfd = -1;
}

void xcontainer_load(struct container *c, const char *id, bool locked)
{
	runc_check_id(id);
	if (!container_load(c, runc_globals.root, id, locked))
		return;
	if (errno == ENOENT)
		diex("container does not exist: '%s'", id);
	if (errno == EINVAL)
		diex("container '%s' was never finished: delete it with --force", id);
	die("open state of container '%s'", id);
}

int container_pidfd(const struct container *c)
{
	return proc_open((pid_t)c->init_process_pid, c->init_process_start);
}

/* Not known to be dead: what cannot be found out must not make anybody take a container apart. */
static bool is_alive(int64_t pid, uint64_t start)
{
	_close_ int fd = proc_open((pid_t)pid, start);

	return fd >= 0 || errno != ESRCH;
}

static bool is_frozen(const struct container *c)
{
	const struct cgroup_layout *layout = c->cgroup ? group_layout() : NULL;
	_cgroup_ struct cgroup g = CGROUP_NONE;

	return layout && !cgroup_open_for(&g, layout, c->cgroup, 1u << CGROUP_FREEZER) &&
	       cgroup_is_frozen(&g) == 1;
}

enum status container_status(const struct container *c)
{
	if (!c->init_process_pid)
		return is_alive(c->creator_pid, c->creator_start) ? STATUS_CREATING
								  : STATUS_STOPPED;
	if (!is_alive(c->init_process_pid, c->init_process_start))
		return STATUS_STOPPED;
	if (is_frozen(c))
		return STATUS_PAUSED;
	return faccessat(c->dirfd, CONTAINER_FIFO, F_OK, 0) ? STATUS_RUNNING : STATUS_CREATED;
}

const char *status_name(enum status s)
{
	static const char *const names[] = { "creating", "created", "running", "paused",
					     "stopped" };

	return names[s];
}

int container_spec(const struct container *c, struct spec *out, char why[DECODE_WHY_MAX])
{
	return spec_load(out, c->dirfd, CONTAINER_CONFIG, why);
}

void xcontainer_spec(const struct container *c, struct spec *out)
{
	char why[DECODE_WHY_MAX];

	if (!container_spec(c, out, why))
		return;
	if (!*why)
		die("read config.json of container '%s'", c->id);
	diex("config.json of container '%s': %s", c->id, why);
}

void container_save_spec(const struct container *c, const struct spec *spec)
{
	_buf_ struct buf text = { 0 };
	struct emit e = { .out = &text };

	emit_json(&e, NULL, spec->json);
	if (file_replace(c->dirfd, CONTAINER_CONFIG, 0600, text.data, text.len, false))
		die("it holds, but cannot be recorded in " CONTAINER_CONFIG);
}

/* Behind what runc tells: what became of it. */
static void emit_more(struct emit *e, const struct container *c, enum status status)
{
	_ending_ struct ending end = { 0 };

	emit_str(e, "owner", "");
	emit_str_if(e, "started", c->started);
	if (status != STATUS_STOPPED || ending_find(c, &end))
		return;
	emit_object(e, "exit");
	ending_emit(e, &end);
	emit_end(e);
}

void container_emit(const struct container *c, enum status status, bool full, unsigned int indent,
		    struct buf *out)
{
	struct emit e = { .out = out, .indent = indent };
	bool alive = status != STATUS_STOPPED && status != STATUS_CREATING;

	emit_object(&e, NULL);
	emit_str(&e, "ociVersion", c->ociVersion ? c->ociVersion : SPEC_VERSION);
	emit_str(&e, "id", c->id);
	if (full || c->init_process_pid)
		emit_int(&e, "pid", alive || !full ? c->init_process_pid : 0);
	emit_str(&e, "status", status_name(status));
	emit_str(&e, "bundle", c->bundle ? c->bundle : "");
	if (full) {
		emit_str(&e, "rootfs", c->rootfs ? c->rootfs : "");
		emit_str(&e, "created", c->created ? c->created : "");
	}
	if (c->annotations.n)
		emit_map(&c->annotations, "annotations", &e);
	if (full)
		emit_more(&e, c, status);
	emit_end(&e);
}
