/* process.c - the members of "process" other than capabilities: environment, user, limits, command.
 */
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>

#include "bundle/config.h"
#include "bundle/user.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"

/* A bare NAME takes the caller's value. */
static void set_variable(struct json *config, const char *entry, bool unset_missing)
{
	const char *value = strchr(entry, '=') ? NULL : getenv(entry);
	_free_ char *whole = value ? xasprintf("%s=%s", entry, value) : NULL;

	if (!*entry || *entry == '=')
		opt_misuse("invalid environment variable '%s'", entry);
	if (strchr(entry, '=') || whole)
		tree_setenv(config, whole ? whole : entry);
	else if (unset_missing)
		tree_unsetenv(config, entry);
}

/* Docker's format: blanks in front dropped, '#' only there, everything else taken literally. */
static void read_env_file(struct json *config, const char *name)
{
	_buf_ struct buf b = { 0 };
	_strv_ struct strv lines = { 0 };

	if (file_read(AT_FDCWD, name, ENV_FILE_MAX, &b))
		die("read '%s'", name);
	if (memchr(buf_str(&b), '\0', b.len))
		diex("read '%s': NUL byte", name);
	strv_split(&lines, buf_str(&b), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *line = lines.v[i] + strspn(lines.v[i], " \t\r");
		size_t len = strlen(line);

		if (len && line[len - 1] == '\r')
			line[len - 1] = '\0';
		if (*line && *line != '#')
			set_variable(config, line, false);
	}
}

static void apply_env(struct json *config, const struct request *r)
{
	if (r->terminal)
		tree_setenv(config, "TERM=xterm");
	for (size_t i = 0; i < r->env_file.n; i++)
		read_env_file(config, r->env_file.v[i]);
	for (size_t i = 0; i < r->env.n; i++)
		set_variable(config, r->env.v[i], true);
}

static const char *const limits[] = {
	"as",	"core",	  "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
	"nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack",
};

static bool is_limit(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (str_eq(limits[i], name))
			return true;
	return false;
}

/* -1 is "no limit", which JSON writes as the largest number. */
static struct json *limit_value(const char *text)
{
	uint64_t n = UINT64_MAX;
	struct json *j;

	if (!str_eq(text, "-1") && num_u64(text, UINT64_MAX, &n))
		return NULL;
	j = json_new(JSON_NUMBER);
	j->text = xasprintf("%llu", (unsigned long long)n);
	return j;
}

static struct json *find_limit(struct json *rlimits, const char *type)
{
	for (struct json *l = rlimits->child; l; l = l->next) {
		const char *t = json_get_str(l, "type");

		if (t && str_eq(t, type))
			return l;
	}
	return NULL;
}

static bool limit_less(const struct json *a, const struct json *b)
{
	uint64_t x = 0, y = 0;

	return !num_u64(a->text, UINT64_MAX, &x) && !num_u64(b->text, UINT64_MAX, &y) && x < y;
}

static void set_limit(struct json *rlimits, const char *text)
{
	_strv_ struct strv pair = { 0 }, value = { 0 };
	_free_ char *type = NULL;
	struct json *hard = NULL, *soft = NULL, *l;

	strv_split(&pair, text, '=');
	if (pair.n == 2 && is_limit(pair.v[0]))
		strv_split(&value, pair.v[1], ':');
	if (value.n == 1 || value.n == 2) {
		soft = limit_value(value.v[0]);
		hard = limit_value(value.v[value.n - 1]);
	}
	if (!soft || !hard)
		opt_misuse("invalid ulimit '%s': NAME=SOFT[:HARD] wanted", text);
	if (limit_less(hard, soft))
		opt_misuse("invalid ulimit '%s': soft limit above the hard one", text);
	type = xasprintf("RLIMIT_%s", pair.v[0]);
	for (char *c = type; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	l = find_limit(rlimits, type);
	if (!l)
		l = json_append(rlimits, json_new(JSON_OBJECT));
	tree_set_str(l, "type", type);
	json_set(l, "hard", hard);
	json_set(l, "soft", soft);
}

void apply_command(struct json *config, const struct request *r)
{
	_strv_ struct strv args = { 0 };

	if (r->entrypoint && *r->entrypoint)
		strv_add(&args, r->entrypoint);
	for (char **word = r->command; word && *word; word++)
		strv_add(&args, *word);
	if (args.n)
		json_set(tree_obj(config, "process"), "args", tree_new_strv(args.v));
}

/* Where the program that --init puts in front may be found on the host. */
static const char *find_init(void)
{
	static const char *const places[] = { "/usr/libexec/docker/docker-init",
					      "/usr/bin/docker-init", "/usr/sbin/docker-init",
					      "/usr/bin/tini-static", "/usr/bin/catatonit" };

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (!access(places[i], X_OK))
			return places[i];
	diex("--init: none of docker-init, tini-static, catatonit is installed");
}

void apply_init(struct json *config, const struct request *r)
{
	static char inside[] = "/sbin/docker-init", stop[] = "--";
	_strv_ struct strv args = { 0 };

	if (!r->init)
		return;
	mounts_bind(config, find_init(), inside, "ro");
	strv_add(&args, inside);
	strv_add(&args, stop);
	tree_get_strv(json_find(config, "process.args"), &args);
	json_set(tree_obj(config, "process"), "args", tree_new_strv(args.v));
}

void apply_process(struct json *config, const struct request *r)
{
	struct json *process = tree_obj(config, "process");
	int adj;

	apply_env(config, r);
	if (r->terminal)
		json_set(process, "terminal", json_new_bool(true));
	if (r->workdir && *r->workdir != '/')
		opt_misuse("working directory '%s' is not an absolute path", r->workdir);
	if (r->workdir)
		tree_set_str(process, "cwd", r->workdir);
	for (size_t i = 0; i < r->ulimit.n; i++)
		set_limit(tree_array(process, "rlimits"), r->ulimit.v[i]);
	if (r->oom_score_adj && num_int(r->oom_score_adj, -1000, 1000, &adj))
		opt_misuse("invalid --oom-score-adj '%s'", r->oom_score_adj);
	if (r->oom_score_adj)
		json_set(process, "oomScoreAdj", json_new_int(adj));
}

/* The rootfs as the runtime will see it: root.path, from the bundle's directory when relative. */
static int open_rootfs(const struct json *config, const struct request *r)
{
	const char *path = json_get_str(json_get(config, "root"), "path");
	_close_ int bundle_dirfd = -1;

	bundle_dirfd = open(r->bundle_dir ? r->bundle_dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (bundle_dirfd < 0)
		die("open '%s'", r->bundle_dir);
	return openat(bundle_dirfd, path ? path : "rootfs", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static struct json *new_gids(const struct user *u)
{
	struct json *array = json_new(JSON_ARRAY);

	for (size_t i = 0; i < u->n_gids; i++)
		json_append(array, json_new_int(u->gids[i]));
	return array;
}

void apply_user(struct json *config, const struct request *r, const char *spec)
{
	_close_ int rootfs_dirfd = open_rootfs(config, r);
	_free_ char *passwd = NULL, *group = NULL, *what = NULL;
	_free_ uint32_t *gids = NULL;
	struct json *user = tree_obj(tree_obj(config, "process"), "user");
	struct user_db db = { "", "" };
	struct user u = { 0 };

	if (rootfs_dirfd >= 0) {
		if (user_read_files(rootfs_dirfd, &passwd, &group))
			die("read the image's passwd and group");
		db = (struct user_db){ passwd, group };
	}
	if (user_resolve(&db, spec, r->group_add.v, &u, &what)) {
		free(u.gids);
		diex("%s", what);
	}
	gids = u.gids;
	json_set(user, "uid", json_new_int(u.uid));
	json_set(user, "gid", json_new_int(u.gid));
	json_set(user, "additionalGids", new_gids(&u));
}
