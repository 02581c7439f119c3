/* volume.c - parse -v, --mount and --tmpfs. */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "bundle/volume.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/num.h"

static int fail(char **why, const char *fmt, const char *what)
{
	_buf_ struct buf b = { 0 };
	const char *at = strstr(fmt, "%s");

	buf_add(&b, fmt, at ? (size_t)(at - fmt) : strlen(fmt));
	if (at) {
		buf_adds(&b, what);
		buf_adds(&b, at + 2);
	}
	*why = buf_steal(&b);
	return set_errno(EINVAL);
}

void volume_free(struct volume *v)
{
	free(v->source);
	free(v->target);
	free(v->propagation);
	strv_free(&v->options);
	*v = (struct volume){ 0 };
}

bool volume_is_name(const char *name)
{
	return isalnum((unsigned char)name[0]) && name[1] && str_is_name(name) &&
	       !strchr(name, '+');
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char)*s))
			return true;
	return false;
}

/* Drop the last component of the clean path in B. */
static void path_up(struct buf *b)
{
	while (b->len && b->data[b->len - 1] != '/')
		b->len--;
	if (b->len)
		b->len--;
}

char *volume_clean_path(const char *path)
{
	_buf_ struct buf b = { 0 };

	if (*path != '/' || has_control(path))
		return NULL;
	while (*path) {
		size_t len = strcspn(path += strspn(path, "/"), "/");

		if (len == 2 && !memcmp(path, "..", 2)) {
			path_up(&b);
		} else if (len && !(len == 1 && *path == '.')) {
			buf_addc(&b, '/');
			buf_add(&b, path, len);
		}
		path += len;
	}
	if (!b.len)
		buf_reset(&b), buf_addc(&b, '/');
	return xmemdup0(b.data, b.len);
}

static int set_target(struct volume *v, const char *text, char **why)
{
	if (has_control(text))
		return fail(why, "control character in a mount's target", NULL);
	v->target = volume_clean_path(text);
	if (!v->target)
		return fail(why, "target '%s' is not an absolute path", text);
	return str_eq(v->target, "/") ? fail(why, "target must not be '/'", NULL) : 0;
}

/* A source with a slash in front, or one that begins with a dot, is a path; everything else is a
 * name. */
static int set_source(struct volume *v, const char *text, char **why)
{
	_free_ char *cwd = NULL, *full = NULL;

	if (has_control(text))
		return fail(why, "control character in a mount's source", NULL);
	if (*text == '.') {
		cwd = getcwd(NULL, 0);
		full = xasprintf("%s/%s", cwd ? cwd : "", text);
		text = full;
	}
	v->type = *text == '/' ? VOLUME_BIND : VOLUME_NAMED;
	if (v->type == VOLUME_NAMED && !volume_is_name(text))
		return fail(
			why,
			"'%s' is neither a path nor a volume's name ([A-Za-z0-9][A-Za-z0-9_.-]+)",
			text);
	v->source = *text == '/' ? volume_clean_path(text) : xstrdup(text);
	return 0;
}

static const char *const propagations[] = { "private", "rprivate", "shared", "rshared",
					    "slave",   "rslave",   NULL };

static bool is_one_of(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (str_eq(*list, s))
			return true;
	return false;
}

static int volume_option(struct volume *v, const char *option, char **why)
{
	/* z, Z ask for SELinux labels; the rest are Docker Desktop's: no meaning here. */
	static const char *const ignored[] = { "rw",	 "z",	      "Z", "consistent",
					       "cached", "delegated", NULL };

	if (str_eq(option, "ro")) {
		v->readonly = true;
	} else if (str_eq(option, "nocopy") && v->type == VOLUME_NAMED) {
		v->no_copy = true;
	} else if (is_one_of(propagations, option) && v->type == VOLUME_BIND) {
		free(v->propagation);
		v->propagation = xstrdup(option);
	} else if (!is_one_of(ignored, option)) {
		return fail(why, "invalid mode '%s'", option);
	}
	return 0;
}

int volume_parse(const char *text, struct volume *out, char **why)
{
	_strv_ struct strv part = { 0 }, options = { 0 };

	*out = (struct volume){ .type = VOLUME_NAMED, .make_source = true };
	strv_split(&part, text, ':');
	if (part.n > 3 || strv_index(part.v, "") >= 0)
		return fail(why, "invalid volume '%s'", text);
	if (part.n == 1)
		return set_target(out, part.v[0], why);
	if (set_source(out, part.v[0], why) || set_target(out, part.v[1], why))
		return -1;
	if (part.n == 3)
		strv_split(&options, part.v[2], ',');
	for (size_t i = 0; i < options.n; i++)
		if (volume_option(out, options.v[i], why))
			return -1;
	return 0;
}

/* noexec, nosuid and nodev unless the list says the opposite. */
static void tmpfs_defaults(struct volume *v, char *const *given)
{
	static const char *const pairs[][2] = { { "noexec", "exec" },
						{ "nosuid", "suid" },
						{ "nodev", "dev" } };

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (!given ||
		    (strv_index(given, pairs[i][0]) < 0 && strv_index(given, pairs[i][1]) < 0))
			strv_add(&v->options, pairs[i][0]);
}

int volume_parse_tmpfs(const char *text, struct volume *out, char **why)
{
	const char *colon = strchr(text, ':');
	_free_ char *target = xmemdup0(text, colon ? (size_t)(colon - text) : strlen(text));
	_strv_ struct strv options = { 0 };

	*out = (struct volume){ .type = VOLUME_TMPFS };
	if (set_target(out, target, why))
		return -1;
	if (colon && has_control(colon))
		return fail(why, "control character in the options of a tmpfs", NULL);
	if (colon && colon[1])
		strv_split(&options, colon + 1, ',');
	tmpfs_defaults(out, options.v);
	for (size_t i = 0; i < options.n; i++)
		strv_add(&out->options, options.v[i]);
	return 0;
}

/* The fields of one CSV record: a field in double quotes may hold commas, and "" is a quote. */
static int csv_split(const char *s, struct strv *out)
{
	for (;;) {
		_buf_ struct buf b = { 0 };
		bool quoted = *s == '"';

		s += quoted;
		while (*s && (quoted || *s != ',')) {
			if (quoted && *s == '"' && s[1] != '"')
				break;
			s += quoted && *s == '"';
			buf_addc(&b, *s++);
		}
		if (quoted && *s++ != '"')
			return -1;
		strv_add(out, buf_str(&b));
		if (!*s)
			return 0;
		if (*s++ != ',')
			return -1;
	}
}

static int csv_bool(const char *value, bool *out)
{
	static const char *const yes[] = { "", "1", "t", "T", "true", "TRUE", "True", NULL };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False", NULL };

	*out = is_one_of(yes, value);
	return *out || is_one_of(no, value) ? 0 : -1;
}

static int key_type(struct volume *v, const char *value)
{
	if (str_eq(value, "bind"))
		v->type = VOLUME_BIND;
	else if (str_eq(value, "tmpfs"))
		v->type = VOLUME_TMPFS;
	else if (str_eq(value, "volume"))
		v->type = VOLUME_NAMED;
	else
		return -1;
	return 0;
}

static int key_source(struct volume *v, const char *value)
{
	free(v->source);
	v->source = xstrdup(value);
	return 0;
}

static int key_target(struct volume *v, const char *value)
{
	free(v->target);
	v->target = xstrdup(value);
	return 0;
}

static int key_readonly(struct volume *v, const char *value)
{
	return csv_bool(value, &v->readonly);
}

static int key_propagation(struct volume *v, const char *value)
{
	free(v->propagation);
	v->propagation = xstrdup(value);
	return is_one_of(propagations, value) ? 0 : -1;
}

static int key_nonrecursive(struct volume *v, const char *value)
{
	return csv_bool(value, &v->nonrecursive);
}

static int key_recursive(struct volume *v, const char *value)
{
	v->nonrecursive = str_eq(value, "disabled");
	return v->nonrecursive || str_eq(value, "enabled") || str_eq(value, "writable") ? 0 : -1;
}

static int key_create(struct volume *v, const char *value)
{
	return csv_bool(value, &v->make_source);
}

static int key_no_copy(struct volume *v, const char *value)
{
	return csv_bool(value, &v->no_copy);
}

static int key_tmpfs_size(struct volume *v, const char *value)
{
	int64_t size;

	if (num_size(value, false, &size))
		return -1;
	strv_take(&v->options, xasprintf("size=%lld", (long long)size));
	return 0;
}

static int key_tmpfs_mode(struct volume *v, const char *value)
{
	uint32_t mode;

	if (num_octal(value, 07777, &mode))
		return -1;
	strv_take(&v->options, xasprintf("mode=%o", mode));
	return 0;
}

static int key_ignore(struct volume *v _unused_, const char *value _unused_)
{
	return 0;
}

static const struct key {
	const char *name;
	int (*set)(struct volume *v, const char *value);
} keys[] = {
	{ "type", key_type },
	{ "source", key_source },
	{ "src", key_source },
	{ "target", key_target },
	{ "destination", key_target },
	{ "dst", key_target },
	{ "readonly", key_readonly },
	{ "ro", key_readonly },
	{ "bind-propagation", key_propagation },
	{ "bind-nonrecursive", key_nonrecursive },
	{ "bind-recursive", key_recursive },
	{ "bind-create-src", key_create },
	{ "volume-nocopy", key_no_copy },
	{ "tmpfs-size", key_tmpfs_size },
	{ "tmpfs-mode", key_tmpfs_mode },
	{ "consistency", key_ignore },
};

static int set_key(struct volume *v, char *field, char **why)
{
	char *value = strchr(field, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!str_eq(keys[i].name, field))
			continue;
		if (keys[i].set(v, value ? value : ""))
			return fail(why, "invalid value for '%s' in a mount", field);
		return 0;
	}
	return fail(why, "unexpected key '%s' in a mount", field);
}

/* Take source and target as they were written and hold them to the rules of their type. */
static int mount_finish(struct volume *v, char **why)
{
	_free_ char *source = steal_ptr(&v->source), *target = steal_ptr(&v->target);
	enum volume_type type = v->type;

	if (!target)
		return fail(why, "target is required in a mount", NULL);
	if (set_target(v, target, why))
		return -1;
	if (type == VOLUME_TMPFS) {
		tmpfs_defaults(v, NULL);
		return source ? fail(why, "a tmpfs takes no source", NULL) : 0;
	}
	if (type == VOLUME_BIND && !source)
		return fail(why, "source is required in a bind mount", NULL);
	if (source && set_source(v, source, why))
		return -1;
	if (v->type != type)
		return fail(why, "source '%s' does not suit the mount's type", source);
	return 0;
}

int volume_parse_mount(const char *text, struct volume *out, char **why)
{
	_strv_ struct strv field = { 0 };

	*out = (struct volume){ .type = VOLUME_NAMED };
	if (csv_split(text, &field))
		return fail(why, "invalid mount '%s'", text);
	for (size_t i = 0; i < field.n; i++)
		if (set_key(out, field.v[i], why))
			return -1;
	return mount_finish(out, why);
}
