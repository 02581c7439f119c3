/* devices.c - linux.devices and the device rules that go with them. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "bundle/config.h"
#include "bundle/volume.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"

enum { DEPTH_MAX = 8 };

static const char *type_of(mode_t mode)
{
	return S_ISBLK(mode) ? "b" : S_ISCHR(mode) ? "c" : NULL;
}

static void add_rule(struct json *config, const char *type, int64_t major_, int64_t minor_,
		     const char *access)
{
	struct json *resources = tree_obj(tree_obj(config, "linux"), "resources");
	struct json *rule = json_append(tree_array(resources, "devices"), json_new(JSON_OBJECT));

	json_set(rule, "allow", json_new_bool(true));
	if (type)
		tree_set_str(rule, "type", type);
	if (major_ >= 0)
		json_set(rule, "major", json_new_int(major_));
	if (minor_ >= 0)
		json_set(rule, "minor", json_new_int(minor_));
	tree_set_str(rule, "access", access);
}

static void drop_device(struct json *devices, const char *path)
{
	for (struct json *d = devices->child; d; d = d->next) {
		const char *p = json_get_str(d, "path");

		if (p && str_eq(p, path)) {
			json_remove(devices, d);
			return;
		}
	}
}

static void add_device(struct json *config, const char *path, const struct stat *st)
{
	struct json *devices = tree_array(tree_obj(config, "linux"), "devices"), *d;

	drop_device(devices, path);
	d = json_append(devices, json_new(JSON_OBJECT));
	tree_set_str(d, "path", path);
	tree_set_str(d, "type", type_of(st->st_mode));
	json_set(d, "major", json_new_int(major(st->st_rdev)));
	json_set(d, "minor", json_new_int(minor(st->st_rdev)));
	json_set(d, "fileMode", json_new_int(st->st_mode & 07777));
	json_set(d, "uid", json_new_int(st->st_uid));
	json_set(d, "gid", json_new_int(st->st_gid));
}

/* What --privileged leaves out: made anew in every container. */
static bool is_container_s(const char *name)
{
	static const char *const own[] = { "pts",     "shm",	   "fd", "mqueue",
					   "console", "hugepages", NULL };

	for (size_t i = 0; own[i]; i++)
		if (str_eq(own[i], name))
			return true;
	return false;
}

struct walk {
	struct json *config;
	const char *access; /* NULL: no rules */
	bool found;
};

static void add_tree(struct walk *w, int dirfd, const char *at, unsigned int depth)
{
	DIR *dir = fdopendir(dirfd);
	const struct dirent *e;

	if (!dir)
		die("read '%s'", at);
	while ((e = readdir(dir))) {
		_free_ char *path = xasprintf("%s/%s", at, e->d_name);
		struct stat st;
		int fd;

		if (e->d_name[0] == '.' || is_container_s(e->d_name) ||
		    fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			fd = openat(dirfd, e->d_name,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (fd >= 0)
				add_tree(w, fd, path, depth + 1);
		} else if (type_of(st.st_mode)) {
			add_device(w->config, path, &st);
			if (w->access)
				add_rule(w->config, type_of(st.st_mode), major(st.st_rdev),
					 minor(st.st_rdev), w->access);
			w->found = true;
		}
	}
	closedir(dir);
}

static void open_tree_of(struct walk *w, const char *host, const char *inside)
{
	int dirfd = open(host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		die("open '%s'", host);
	add_tree(w, dirfd, inside, 0);
}

static bool is_access(const char *s)
{
	return *s && strlen(s) <= 3 && !s[strspn(s, "rwm")];
}

/* SRC[:DST[:ACCESS]], and SRC:ACCESS where the second word can be nothing else. */
static void add_option(struct json *config, const char *text)
{
	_strv_ struct strv part = { 0 };
	_free_ char *inside = NULL;
	const char *access = "rwm";
	struct stat st;

	strv_split(&part, text, ':');
	if (part.n > 3 || (part.n == 3 && !is_access(part.v[2])))
		opt_misuse("invalid device '%s': SRC[:DST[:rwm]] wanted", text);
	if (part.n == 3 || (part.n == 2 && is_access(part.v[1])))
		access = part.v[part.n - 1];
	inside = volume_clean_path(part.n > 1 && !is_access(part.v[1]) ? part.v[1] : part.v[0]);
	if (!inside)
		opt_misuse("invalid device '%s': paths must be absolute", text);
	if (stat(part.v[0], &st))
		die("stat '%s'", part.v[0]);
	if (S_ISDIR(st.st_mode)) {
		struct walk w = { config, access, false };

		open_tree_of(&w, part.v[0], inside);
		if (!w.found)
			diex("no devices in '%s'", part.v[0]);
		return;
	}
	if (!type_of(st.st_mode))
		diex("'%s' is not a device", part.v[0]);
	add_device(config, inside, &st);
	add_rule(config, type_of(st.st_mode), major(st.st_rdev), minor(st.st_rdev), access);
}

/* A number, or '*' as -1. */
static int parse_number(const char *s, int64_t *out)
{
	*out = -1;
	return str_eq(s, "*") ? 0 : num_i64(s, 0, INT32_MAX, out);
}

static void add_cgroup_rule(struct json *config, const char *text)
{
	_strv_ struct strv word = { 0 }, number = { 0 };
	int64_t major_, minor_;

	strv_split(&word, text, ' ');
	if (word.n == 3)
		strv_split(&number, word.v[1], ':');
	if (number.n != 2 || strlen(word.v[0]) != 1 || !strchr("abc", word.v[0][0]) ||
	    !is_access(word.v[2]) || parse_number(number.v[0], &major_) ||
	    parse_number(number.v[1], &minor_))
		opt_misuse("invalid device rule '%s': 'c 7:* rwm' wanted", text);
	add_rule(config, word.v[0], major_, minor_, word.v[2]);
}

static void allow_all(struct json *config)
{
	struct walk w = { config, NULL, false };

	json_set(tree_obj(tree_obj(config, "linux"), "resources"), "devices", json_new(JSON_ARRAY));
	add_rule(config, NULL, -1, -1, "rwm");
	open_tree_of(&w, "/dev", "/dev");
}

void apply_devices(struct json *config, const struct request *r)
{
	if (r->privileged)
		allow_all(config);
	for (size_t i = 0; i < r->device.n; i++)
		add_option(config, r->device.v[i]);
	for (size_t i = 0; i < r->device_cgroup_rule.n; i++)
		add_cgroup_rule(config, r->device_cgroup_rule.v[i]);
}
