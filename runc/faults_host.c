#include <fcntl.h>
#include <sys/stat.h>

#include "lib/cap.h"
#include "lib/mnt.h"
#include "lib/ns.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runc/annotations.h"
#include "runc/faults.h"
#include "runc/launch.h"

/* A fault at "/mounts/3/source": the keys of elements are what faults_find made of them. */
static void add(struct faults *f, const char *list, const struct json *element, const char *member,
		const char *reason)
{
	char pointer[256];

	snprintf(pointer, sizeof(pointer), "%s/%s%s", list, element->key, member);
	faults_add(f, pointer, "%s", reason);
}

/* The same with a path and what errno says of it. */
static void add_path(struct faults *f, const char *list, const struct json *element,
		     const char *path)
{
	char reason[256];

	snprintf(reason, sizeof(reason), "'%.150s': %s", path, strerror(errno));
	add(f, list, element, str_starts(list, "/mounts") ? "/source" : "/path", reason);
}

static void check_root(struct faults *f, const struct json *tree)
{
	const char *path = json_get_str(json_get(tree, "root"), "path");
	struct stat st;

	if (!path || !*path)
		return;
	if (stat(path, &st))
		faults_add(f, "/root/path", "'%s': %s", path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		faults_add(f, "/root/path", "'%s' is not a directory", path);
}

static bool is_bind(const struct json *mount)
{
	const char *type = json_get_str(mount, "type");
	const struct json *options = json_get(mount, "options");

	for (const struct json *o = options ? options->child : NULL; o; o = o->next) {
		if (o->text && (str_eq(o->text, "bind") || str_eq(o->text, "rbind")))
			return true;
	}
	return type && str_eq(type, "bind");
}

static void check_mounts(struct faults *f, const struct json *tree)
{
	const struct json *mounts = json_get(tree, "mounts");

	for (const struct json *m = mounts ? mounts->child : NULL; m; m = m->next) {
		const char *source = json_get_str(m, "source"), *type = json_get_str(m, "type");

		if (is_bind(m) && (!source || !*source))
			add(f, "/mounts", m, "/source", "a bind mount has no source");
		else if (is_bind(m) && faccessat(AT_FDCWD, source, F_OK, 0))
			add_path(f, "/mounts", m, source);
		else if (!is_bind(m) && (!type || !*type))
			add(f, "/mounts", m, "/type", "missing");
	}
}

static void check_namespaces(struct faults *f, const struct json *tree)
{
	const struct json *list = json_find(tree, "linux.namespaces");

	for (const struct json *n = list ? list->child : NULL; n; n = n->next) {
		const char *type = json_get_str(n, "type"), *path = json_get_str(n, "path");
		const struct ns_type *ns = type ? ns_of_name(type) : NULL;

		if (!ns || !path || !*path)
			continue;

		_close_ int fd = ns_open_path(path, ns->flag);

		if (fd < 0 && errno == EINVAL)
			add(f, "/linux/namespaces", n, "/path", "no namespace of this type");
		else if (fd < 0)
			add_path(f, "/linux/namespaces", n, path);
	}
}

static void check_hooks(struct faults *f, const struct json *tree)
{
	const struct json *kinds = json_get(tree, "hooks");

	for (const struct json *k = kinds ? kinds->child : NULL; k; k = k->next) {
		char list[64];

		/* This one is run inside the container. */
		if (str_eq(k->key, "startContainer"))
			continue;
		snprintf(list, sizeof(list), "/hooks/%.40s", k->key);
		for (const struct json *h = k->child; h; h = h->next) {
			const char *path = json_get_str(h, "path");

			if (path && faccessat(AT_FDCWD, path, X_OK, 0))
				add_path(f, list, h, path);
		}
	}
}

static void check_capabilities(struct faults *f, const struct json *tree)
{
	const struct json *sets = json_find(tree, "process.capabilities");

	for (const struct json *s = sets ? sets->child : NULL; s; s = s->next) {
		char list[64];

		snprintf(list, sizeof(list), "/process/capabilities/%.32s", s->key);
		for (const struct json *c = s->child; c; c = c->next) {
			if (c->text && caps_number(c->text) < 0)
				add(f, list, c, "", "unknown capability");
		}
	}
}

/* Only where it is said by path: the search along PATH, and what a mount brings, only a run knows.
 */
static void check_program(struct faults *f, const struct json *tree)
{
	const struct json *args = json_find(tree, "process.args");
	const char *name = args && args->child ? args->child->text : NULL;
	const char *root = json_get_str(json_get(tree, "root"), "path");

	/* "." is also what faults_find puts where no root was given. */
	if (!name || *name != '/' || !root || str_eq(root, "."))
		return;

	_close_ int rootfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct json *mounts = json_get(tree, "mounts");

	for (const struct json *m = mounts ? mounts->child : NULL; m; m = m->next) {
		const char *at = json_get_str(m, "destination");

		if (at && str_starts(name, at))
			return;
	}
	if (rootfd < 0)
		return;

	_close_ int fd = path_open_in_root(rootfd, name, O_PATH);

	if (fd < 0)
		faults_add(f, "/process/args/0", "'%s' in the root: %s", name, strerror(errno));
}

static void check_annotations(struct faults *f, const struct json *tree)
{
	const struct json *all = json_get(tree, "annotations");
	const char *name;

	for (size_t i = 0; (name = annotation_refused(i)); i++) {
		const char *value = json_get_str(all, name);
		char pointer[128];

		snprintf(pointer, sizeof(pointer), "/annotations/%s", name);
		if (value && *value)
			faults_add(f, pointer, "not supported: '%s'", value);
	}
	if (!annotation_mount_context(json_get_str(all, ANNOTATION_MOUNT_CONTEXT)))
		faults_add(f, "/annotations/" ANNOTATION_MOUNT_CONTEXT, "no such context");
}

/* A label that cannot be had is an error, since doing without would break a promise silently. */
static void check_labels(struct faults *f, const struct json *tree)
{
	const struct json *process = json_get(tree, "process");
	const char *profile = json_get_str(process, "apparmorProfile");
	const char *label = json_get_str(process, "selinuxLabel");

	if (profile && *profile && !lsm_has_apparmor())
		faults_add(f, "/process/apparmorProfile", "AppArmor is not enabled here");
	if (label && *label && !lsm_has_selinux())
		faults_add(f, "/process/selinuxLabel", "SELinux is not enabled here");
}

void faults_find_missing(struct faults *f, const struct json *tree)
{
	check_root(f, tree);
	check_mounts(f, tree);
	check_namespaces(f, tree);
	check_hooks(f, tree);
	check_capabilities(f, tree);
	check_program(f, tree);
	check_annotations(f, tree);
	check_labels(f, tree);
}
