#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/ns.h"
#include "lib/num.h"
#include "lib/path.h"
#include "lib/proc.h"
#include "lib/str.h"
#include "runc/launch.h"
#include "runc/live.h"
#include "runc/runc.h"

/* A member of our own in a mount of our copy of config.json. */
#define MOUNT_ID "lash.mountId"

/* A child in the container's mount namespace, and what is to be undone when it dies. */
static struct {
	struct launch *l;
	struct live_place in;
	size_t mounted, made;
	uint64_t *ids; /* of the mounts */
} here = { .in = { -1, -1 } };

static const struct json *first(const struct json *list)
{
	return list && list->type == JSON_ARRAY ? list->child : NULL;
}

/* The container's config.json with other mounts and devices in it: checked as any. */
static void decode_change(const struct spec *spec, const struct json *mounts,
			  const struct json *devices, struct spec *out)
{
	struct json *tree = json_copy(spec->json);
	char why[DECODE_WHY_MAX];

	json_set(tree, "mounts", mounts ? json_copy(mounts) : json_new(JSON_ARRAY));
	json_set(json_make(tree, "linux", JSON_OBJECT), "devices",
		 devices ? json_copy(devices) : json_new(JSON_ARRAY));
	if (spec_decode(out, tree, why))
		diex("%s", why);
}

/* These are about the whole container, and are made with it. */
static void check_mounts(const struct spec *change)
{
	static const char *const fixed[] = { "proc", "sysfs", "cgroup", "cgroup2", "mqueue", NULL };

	for (size_t i = 0; i < change->n_mounts; i++) {
		const struct spec_mount *m = &change->mounts[i];

		if (m->type && strv_index((char *const *)(uintptr_t)fixed, m->type) >= 0)
			diex("mounts: '%s' on '%s' is not supported while the container runs",
			     m->type, m->destination);
		if (strv_index(m->options, "remount") >= 0)
			diex("mounts: '%s': remount is not supported while the container runs",
			     m->destination);
		if (!m->destination[strspn(m->destination, "/.")])
			diex("mounts: '%s' cannot change while the container runs", m->destination);
	}
}

static void undo(void)
{
	const struct spec *change = here.l->spec;

	while (here.made--) {
		if (live_unmake(&here.in, change->linux_->devices[here.made].path))
			warn("remove device '%s' again", change->linux_->devices[here.made].path);
	}
	while (here.mounted--) {
		if (live_unmount(&here.in, change->mounts[here.mounted].destination,
				 here.ids[here.mounted]))
			warn("unmount '%s' again", change->mounts[here.mounted].destination);
	}
}

static void add_all(struct launch *l)
{
	const struct spec *change = l->spec;

	die_cleanup(undo);
	for (; here.mounted < change->n_mounts; here.mounted++)
		mount_attach(l, &here.in.rootfd, here.mounted);
	mount_finish();
	for (; here.made < change->linux_->n_devices; here.made++)
		devices_make_listed(l, here.in.rootfd, here.made, l->device_fd[here.made]);
	die_cleanup(NULL);
}

static void remove_all(struct launch *l)
{
	const struct spec *change = l->spec;

	for (size_t i = change->n_mounts; i--;) {
		if (live_unmount(&here.in, change->mounts[i].destination, here.ids[i]))
			die("unmount '%s'", change->mounts[i].destination);
	}
	for (size_t i = change->linux_->n_devices; i--;) {
		if (live_unmake(&here.in, change->linux_->devices[i].path))
			die("remove device '%s'", change->linux_->devices[i].path);
	}
}

/* Its user namespace first, where it has one: what is made there must have an owner there. */
static void enter(const struct launch *l, int usernsfd, int nsfd)
{
	if (usernsfd >= 0 && setns(usernsfd, CLONE_NEWUSER))
		die("enter the user namespace of container '%s'", l->container->id);
	if (setns(nsfd, CLONE_NEWNS))
		die("enter the mount namespace of container '%s'", l->container->id);
	if (usernsfd >= 0 && (setgid(0) || setuid(0)))
		die("become root of the user namespace");
	/* What is made has exactly the modes asked for. */
	umask(0);
}

/* Run FN in a child that is in the container's mount namespace. Its failure is told already. */
static bool do_inside(struct launch *l, void (*fn)(struct launch *l))
{
	const struct container *c = l->container;
	_close_ int pidfd = container_pidfd(c);
	_close_ int nsfd = ns_open_pid((pid_t)c->init_process_pid, CLONE_NEWNS);
	_close_ int usernsfd = spec_namespace(l->spec, CLONE_NEWUSER)
				       ? ns_open_pid((pid_t)c->init_process_pid, CLONE_NEWUSER)
				       : -1;
	char path[32];
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)c->init_process_pid);
	here.l = l;
	here.in.rootfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	here.in.procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (nsfd < 0 || here.in.rootfd < 0 || here.in.procfd < 0)
		die("open the root of container '%s'", c->id);
	if (pidfd < 0 || proc_pidfd_signal(pidfd, 0))
		diex("container not running");
	pid = xfork();
	if (!pid) {
		enter(l, usernsfd, nsfd);
		fn(l);
		_exit(0);
	}
	return !proc_wait(pid);
}

static void check_running(const struct container *c)
{
	enum status s = container_status(c);

	if (s == STATUS_STOPPED || s == STATUS_CREATING)
		diex("container not running");
}

static void note_ids(const struct launch *l)
{
	here.ids = xcalloc(l->spec->n_mounts + 1, sizeof(*here.ids));
	for (size_t i = 0; i < l->spec->n_mounts; i++)
		here.ids[i] = live_mount_id(l->sourcefd[i]);
}

static void read_ids(const struct json *mounts)
{
	size_t n = 0;

	here.ids = xcalloc(json_count(mounts) + 1, sizeof(*here.ids));
	for (const struct json *m = mounts->child; m; m = m->next, n++) {
		const struct json *id = json_get(m, MOUNT_ID);

		if (id && (id->type != JSON_NUMBER || num_u64(id->text, UINT64_MAX, &here.ids[n])))
			diex("config.json: mounts: bad " MOUNT_ID);
	}
}

static void append_mounts(struct json *to, const struct json *list)
{
	size_t n = 0;

	for (const struct json *j = first(list); j; j = j->next, n++) {
		struct json *m = json_append(to, json_copy(j)), *given = json_get(m, MOUNT_ID);

		if (given)
			json_remove(m, given);
		if (here.ids[n])
			json_set(m, MOUNT_ID, json_new_int((int64_t)here.ids[n]));
	}
}

/* What the container has it as may be another path than the host's. */
static void open_devices(struct launch *l, const struct json *devices)
{
	const struct json *d = first(devices);
	const struct spec_linux *lx = l->spec->linux_;

	l->device_fd = xcalloc(lx->n_devices + 1, sizeof(*l->device_fd));
	for (size_t i = 0; i < lx->n_devices; i++)
		l->device_fd[i] = -1;
	for (size_t i = 0; spec_namespace(l->spec, CLONE_NEWUSER) && d; d = d->next, i++) {
		const char *source = json_get_str(d, "source");

		l->device_fd[i] = mnt_clone(AT_FDCWD, source ? source : lx->devices[i].path, false);
	}
}

/* As config.json has it: without what only we were told. */
static void append_devices(struct json *to, const struct json *list)
{
	for (const struct json *j = first(list); j; j = j->next) {
		struct json *d = json_append(to, json_copy(j)), *own;

		while ((own = json_get(d, "source")) || (own = json_get(d, "access")))
			json_remove(d, own);
	}
}

void live_add(const struct container *c, struct spec *spec, const struct json *mounts,
	      const struct json *devices)
{
	/* Until the end; taking it apart would only cost time. */
	static struct launch l = LAUNCH_NONE;
	_spec_ struct spec change = { 0 };
	_json_ struct json *before = json_copy(spec->json);

	check_running(c);
	decode_change(spec, mounts, devices, &change);
	check_mounts(&change);
	if (chdir(c->bundle))
		die("chdir to bundle '%s'", c->bundle);
	l.spec = &change;
	l.container = (struct container *)(uintptr_t)c;
	prepare_sources(&l);
	note_ids(&l);
	open_devices(&l, devices);
	for (const struct json *d = first(devices); d; d = d->next)
		live_allow(spec->json, d);
	if (first(devices))
		live_apply_rules(c, spec->json);
	if (!do_inside(&l, add_all)) {
		if (first(devices))
			live_apply_rules(c, before);
		exit(die_get_status());
	}
	append_mounts(json_make(spec->json, "mounts", JSON_ARRAY), mounts);
	append_devices(
		json_make(json_make(spec->json, "linux", JSON_OBJECT), "devices", JSON_ARRAY),
		devices);
}

/* The last entry of LIST whose MEMBER is that of ENTRY; exits when there is none. */
static struct json *known(const struct json *list, const struct json *entry, const char *member)
{
	const char *path = json_get_str(entry, member);
	struct json *found = NULL;

	for (struct json *j = list ? list->child : NULL; j && path; j = j->next) {
		const char *other = json_get_str(j, member);

		if (other && str_eq(other, path))
			found = j;
	}
	if (!found)
		diex("'%s': the container has no such %s", path ? path : "",
		     str_eq(member, "path") ? "device" : "mount");
	return found;
}

/* What config.json has at the paths of LIST, as a list of its own. */
static struct json *collect(const struct json *have, const struct json *list, const char *member)
{
	struct json *out = json_new(JSON_ARRAY);

	for (const struct json *j = first(list); j; j = j->next)
		json_append(out, json_copy(known(have, j, member)));
	return out;
}

void live_remove(const struct container *c, struct spec *spec, const struct json *mounts,
		 const struct json *devices)
{
	struct json *have_mounts = json_get(spec->json, "mounts");
	struct json *have_devices = json_find(spec->json, "linux.devices");
	_json_ struct json *gone = collect(have_mounts, mounts, "destination");
	_json_ struct json *unplugged = collect(have_devices, devices, "path");
	/* Until the end; taking it apart would only cost time. */
	static struct launch l = LAUNCH_NONE;
	_spec_ struct spec change = { 0 };

	check_running(c);
	decode_change(spec, gone, unplugged, &change);
	check_mounts(&change);
	read_ids(gone);
	l.spec = &change;
	l.container = (struct container *)(uintptr_t)c;
	if (!do_inside(&l, remove_all))
		exit(die_get_status());
	for (const struct json *m = gone->child; m; m = m->next)
		json_remove(have_mounts, known(have_mounts, m, "destination"));
	for (const struct json *d = unplugged->child; d; d = d->next) {
		json_remove(have_devices, known(have_devices, d, "path"));
		live_disallow(spec->json, d);
	}
	if (unplugged->child)
		live_apply_rules(c, spec->json);
}
