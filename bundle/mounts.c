/* mounts.c - the members of "mounts" and "root.readonly". */
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "bundle/config.h"
#include "bundle/volume.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"

/* Mounts asked for, in the order they will be made, and what the engine must prepare for them. */
struct wanted {
	struct volume *v;
	size_t n;
	struct buf list;
};

static void wanted_free(struct wanted *w)
{
	for (size_t i = 0; i < w->n; i++)
		volume_free(&w->v[i]);
	free(w->v);
	buf_free(&w->list);
}

static struct volume *find_target(const struct wanted *w, const char *target)
{
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->v[i].target, target))
			return &w->v[i];
	return NULL;
}

static struct volume *add(struct wanted *w)
{
	w->v = xreallocarray(w->v, w->n + 1, sizeof(*w->v));
	w->v[w->n] = (struct volume){ 0 };
	return &w->v[w->n++];
}

static void parse_list(struct wanted *w, const struct strv *list,
		       int (*parse)(const char *text, struct volume *out, char **why))
{
	for (size_t i = 0; i < list->n; i++) {
		_free_ char *why = NULL;
		struct volume v;

		if (parse(list->v[i], &v, &why))
			opt_misuse("%s", why);
		if (find_target(w, v.target))
			opt_misuse("duplicate mount point '%s'", v.target);
		*add(w) = v;
	}
}

static void add_image_volumes(struct wanted *w, const struct strv *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		_free_ char *clean = volume_clean_path(paths->v[i]);
		struct volume *v;

		if (!clean || str_eq(clean, "/") || find_target(w, clean))
			continue;
		v = add(w);
		v->type = VOLUME_NAMED;
		v->target = steal_ptr(&clean);
	}
}

static void add_etc(struct wanted *w, const char *dir)
{
	static const char *const names[] = { "resolv.conf", "hostname", "hosts" };

	for (size_t i = 0; dir && i < ARRAY_LEN(names); i++) {
		_free_ char *target = xasprintf("/etc/%s", names[i]);
		struct volume *v;

		if (find_target(w, target))
			continue;
		v = add(w);
		v->type = VOLUME_BIND;
		v->source = xasprintf("%s/%s", dir, names[i]);
		v->target = steal_ptr(&target);
	}
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* Parents before children; otherwise as asked. */
static void sort_by_depth(struct wanted *w)
{
	for (size_t i = 1; i < w->n; i++) {
		struct volume v = w->v[i];
		size_t j = i;

		for (; j && depth(w->v[j - 1].target) > depth(v.target); j--)
			w->v[j] = w->v[j - 1];
		w->v[j] = v;
	}
}

static char *new_volume_name(void)
{
	unsigned char random[32];
	_buf_ struct buf b = { 0 };

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		die("get random bytes");
	for (size_t i = 0; i < sizeof(random); i++)
		buf_addf(&b, "%02x", random[i]);
	return buf_steal(&b);
}

/* NAME and DESTINATION of a volume and whether to fill it, or a missing SOURCE to make: a line
 * each, tabs between. */
static char *resolve_source(struct wanted *w, const struct volume *v, const struct request *r)
{
	_free_ char *name = NULL;
	struct stat st;

	if (v->type == VOLUME_BIND) {
		if (v->make_source && stat(v->source, &st) && errno == ENOENT)
			buf_addf(&w->list, "dir\t%s\n", v->source);
		return xstrdup(v->source);
	}
	if (!r->volumes_dir)
		opt_misuse("volume on '%s' needs --volumes DIR", v->target);
	name = v->source ? xstrdup(v->source) : new_volume_name();
	buf_addf(&w->list, "%s\t%s\t%s\t%s\n", v->source ? "named" : "anonymous", name, v->target,
		 v->no_copy ? "nocopy" : "copy");
	return xasprintf("%s/%s/_data", r->volumes_dir, name);
}

static struct json *find_mount(const struct json *mounts, const char *target)
{
	for (struct json *m = mounts->child; m; m = m->next) {
		const char *destination = json_get_str(m, "destination");

		if (destination && str_eq(destination, target))
			return m;
	}
	return NULL;
}

static void drop_mount(struct json *mounts, const char *target)
{
	const struct json *m = find_mount(mounts, target);

	if (m)
		json_remove(mounts, m);
}

/* A mount on /dev brings its own contents: none of the defaults below it may cover them. */
static void drop_defaults_below_dev(struct json *mounts)
{
	for (struct json *m = mounts->child; m;) {
		const char *destination = json_get_str(m, "destination");
		struct json *next = m->next;

		if (destination && str_starts(destination, "/dev/"))
			json_remove(mounts, m);
		m = next;
	}
}

static struct json *append_mount(struct json *mounts, const char *type, const char *source,
				 const char *target)
{
	struct json *m = json_append(mounts, json_new(JSON_OBJECT));

	tree_set_str(m, "destination", target);
	tree_set_str(m, "type", type);
	tree_set_str(m, "source", source);
	return tree_array(m, "options");
}

static void add_option(struct json *options, const char *option)
{
	json_append(options, json_new_str(option));
}

static void append_volume(struct json *mounts, struct wanted *w, const struct volume *v,
			  const struct request *r)
{
	_free_ char *source = NULL;
	struct json *options;

	if (v->type == VOLUME_TMPFS) {
		options = append_mount(mounts, "tmpfs", "tmpfs", v->target);
		for (size_t i = 0; i < v->options.n; i++)
			add_option(options, v->options.v[i]);
	} else {
		source = resolve_source(w, v, r);
		options = append_mount(mounts, "bind", source, v->target);
		add_option(options, v->nonrecursive ? "bind" : "rbind");
		add_option(options, v->propagation ? v->propagation : "rprivate");
	}
	if (v->readonly)
		add_option(options, "ro");
}

void mounts_bind(struct json *config, const char *source, const char *target, const char *option)
{
	struct json *mounts = tree_array(config, "mounts"), *options;

	drop_mount(mounts, target);
	options = append_mount(mounts, "bind", source, target);
	add_option(options, "rbind");
	add_option(options, "rprivate");
	if (option)
		add_option(options, option);
}

static void set_shm_size(struct json *mounts, const char *text)
{
	struct json *options = json_get(find_mount(mounts, "/dev/shm"), "options");
	_strv_ struct strv kept = { 0 };
	int64_t size;

	if (num_size(text, false, &size) || size <= 0)
		opt_misuse("invalid --shm-size '%s'", text);
	for (struct json *o = options ? options->child : NULL; o; o = o->next)
		if (o->type == JSON_STRING && !str_starts(o->text, "size="))
			strv_add(&kept, o->text);
	strv_take(&kept, xasprintf("size=%lld", (long long)size));
	if (options)
		json_set(find_mount(mounts, "/dev/shm"), "options", tree_new_strv(kept.v));
}

static bool has_option(const struct json *options, const char *name)
{
	for (const struct json *o = options->child; o; o = o->next)
		if (o->type == JSON_STRING && str_eq(o->text, name))
			return true;
	return false;
}

/* The default mounts outside /proc and /dev follow the root file system. */
static void make_readonly(struct json *config, struct json *mounts, const struct wanted *w)
{
	json_set(tree_obj(config, "root"), "readonly", json_new_bool(true));
	for (struct json *m = mounts->child; m; m = m->next) {
		const char *destination = json_get_str(m, "destination");

		if (!destination || str_eq(destination, "/proc") ||
		    str_starts(destination, "/dev") || find_target(w, destination))
			continue;
		if (!has_option(tree_array(m, "options"), "ro"))
			add_option(tree_array(m, "options"), "ro");
	}
}

static void drop_option(struct json *m, const char *name)
{
	struct json *options = m ? tree_array(m, "options") : NULL;

	for (struct json *o = options ? options->child : NULL; o; o = o->next) {
		if (o->type == JSON_STRING && str_eq(o->text, name)) {
			json_remove(options, o);
			return;
		}
	}
}

/* /dev/shm and the message queues belong to the IPC namespace. */
static void follow_ipc(struct json *config, struct json *mounts, const char *ipc)
{
	if (!ipc)
		return;
	if (str_eq(ipc, "none"))
		drop_mount(mounts, "/dev/shm");
	if (str_eq(ipc, "host")) {
		mounts_bind(config, "/dev/shm", "/dev/shm", NULL);
		mounts_bind(config, "/dev/mqueue", "/dev/mqueue", NULL);
	}
}

static void write_list(const struct wanted *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	_free_ char *dir = slash ? xmemdup0(path, (size_t)(slash - path) + 1) : xstrdup(".");
	_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0 ||
	    file_replace(dirfd, slash ? slash + 1 : path, 0600, w->list.data, w->list.len, false))
		die("write '%s'", path);
}

void apply_mounts(struct json *config, const struct request *r, const struct strv *image_volumes)
{
	struct json *mounts = tree_array(config, "mounts");
	struct wanted w = { 0 };

	parse_list(&w, &r->mount, volume_parse_mount);
	parse_list(&w, &r->volume, volume_parse);
	parse_list(&w, &r->tmpfs, volume_parse_tmpfs);
	add_image_volumes(&w, image_volumes);
	add_etc(&w, r->etc_dir);
	sort_by_depth(&w);

	follow_ipc(config, mounts, r->ipc);
	if (r->privileged) {
		drop_option(find_mount(mounts, "/sys"), "ro");
		drop_option(find_mount(mounts, "/sys/fs/cgroup"), "ro");
	}
	if (find_target(&w, "/dev"))
		drop_defaults_below_dev(mounts);
	if (r->shm_size)
		set_shm_size(mounts, r->shm_size);
	for (size_t i = 0; i < w.n; i++) {
		drop_mount(mounts, w.v[i].target);
		append_volume(mounts, &w, &w.v[i], r);
	}
	if (r->read_only)
		make_readonly(config, mounts, &w);
	if (w.list.len && r->volume_list)
		write_list(&w, r->volume_list);
	wanted_free(&w);
}
