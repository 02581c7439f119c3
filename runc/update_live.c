#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "runc/live.h"
#include "runc/update.h"

/* "rro,nosuid" and "rbind", which a mount by option always is. */
static struct json *mount_options(const char *words)
{
	struct json *list = json_new(JSON_ARRAY);
	_strv_ struct strv parts = { 0 };

	json_append(list, json_new_str("rbind"));
	if (words)
		strv_split(&parts, words, ',');
	for (size_t i = 0; i < parts.n; i++)
		json_append(list, json_new_str(parts.v[i]));
	return list;
}

/* SOURCE:DESTINATION[:OPTION,...] */
static struct json *parse_mount(const char *text)
{
	struct json *m = json_new(JSON_OBJECT);
	_strv_ struct strv parts = { 0 };

	strv_split(&parts, text, ':');
	if (parts.n < 2 || parts.n > 3 || *parts.v[0] != '/' || *parts.v[1] != '/')
		diex("--mount-add: '%s' is not SOURCE:DESTINATION[:OPTION,...]", text);
	json_set(m, "destination", json_new_str(parts.v[1]));
	json_set(m, "type", json_new_str("bind"));
	json_set(m, "source", json_new_str(parts.v[0]));
	json_set(m, "options", mount_options(parts.n == 3 ? parts.v[2] : NULL));
	return m;
}

/* PATH[:CONTAINER-PATH[:rwm]]; what it is, the host's node says. */
static struct json *parse_device(const char *text)
{
	struct json *d = json_new(JSON_OBJECT);
	_strv_ struct strv parts = { 0 };
	struct stat st;

	strv_split(&parts, text, ':');
	if (parts.n > 3 || *parts.v[0] != '/' || (parts.n > 1 && *parts.v[1] != '/') ||
	    (parts.n == 3 && (!*parts.v[2] || parts.v[2][strspn(parts.v[2], "rwm")])))
		diex("--device-add: '%s' is not PATH[:CONTAINER-PATH[:rwm]]", text);
	if (stat(parts.v[0], &st))
		die("--device-add: open '%s'", parts.v[0]);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		diex("--device-add: '%s' is no device", parts.v[0]);
	json_set(d, "path", json_new_str(parts.v[parts.n > 1 ? 1 : 0]));
	json_set(d, "type", json_new_str(S_ISBLK(st.st_mode) ? "b" : "c"));
	json_set(d, "major", json_new_int(major(st.st_rdev)));
	json_set(d, "minor", json_new_int(minor(st.st_rdev)));
	json_set(d, "fileMode", json_new_int(st.st_mode & 0777));
	json_set(d, "source", json_new_str(parts.v[0]));
	json_set(d, "access", json_new_str(parts.n == 3 ? parts.v[2] : "rwm"));
	return d;
}

static struct json *parse_all(const struct strv *words, struct json *(*parse)(const char *text))
{
	struct json *list = json_new(JSON_ARRAY);

	for (size_t i = 0; i < words->n; i++)
		json_append(list, parse(words->v[i]));
	return list;
}

static struct json *at_destination(const char *path)
{
	struct json *j = json_new(JSON_OBJECT);

	json_set(j, "destination", json_new_str(path));
	return j;
}

static struct json *at_path(const char *path)
{
	struct json *j = json_new(JSON_OBJECT);

	json_set(j, "path", json_new_str(path));
	return j;
}

bool update_live_wanted(const struct update_live *u)
{
	return u->mount_add.n || u->mount_rm.n || u->device_add.n || u->device_rm.n;
}

void update_live_apply(const struct container *c, struct spec *spec, const struct update_live *u)
{
	_json_ struct json *mounts = parse_all(&u->mount_add, parse_mount);
	_json_ struct json *devices = parse_all(&u->device_add, parse_device);
	_json_ struct json *mounts_gone = parse_all(&u->mount_rm, at_destination);
	_json_ struct json *devices_gone = parse_all(&u->device_rm, at_path);

	/* Each by itself: the second may fail, and the first is done by then. */
	if (mounts_gone->child || devices_gone->child) {
		live_remove(c, spec, mounts_gone, devices_gone);
		container_save_spec(c, spec);
	}
	if (mounts->child || devices->child) {
		live_add(c, spec, mounts, devices);
		container_save_spec(c, spec);
	}
}
