/* seccomp.c - from a profile with conditions to linux.seccomp.
 *
 * Docker's profile files put conditions on rules ("includes", "excludes": capabilities,
 * architectures, kernel version); a runtime knows none of them, so they are decided here. A file
 * without them passes unchanged.
 */
#include <fcntl.h>
#include <sys/utsname.h>

#include "bundle/config.h"
#include "bundle/profile.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"

struct host {
	uint64_t caps;
	const struct profile_arch *arch; /* NULL: unknown to us */
	unsigned int kernel;		 /* 408 for 4.8 */
};

static const struct profile_arch *find_arch(const char *machine)
{
	for (const struct profile_arch *a = profile_arches; a->machine; a++)
		if (str_eq(a->machine, machine))
			return a;
	return NULL;
}

/* "6.1.0-13-amd64" to 601; 0 when it is no version. */
static unsigned int parse_kernel(const char *release)
{
	_strv_ struct strv part = { 0 };
	uint32_t major_, minor_;

	strv_split(&part, release, '.');
	if (part.n < 2)
		return 0;
	part.v[1][strspn(part.v[1], "0123456789")] = '\0';
	if (num_u32(part.v[0], &major_) || num_u32(part.v[1], &minor_) || major_ > 10000)
		return 0;
	return major_ * 100 + (minor_ > 99 ? 99 : minor_);
}

static struct host host_now(uint64_t caps)
{
	struct utsname u;

	if (uname(&u))
		die("get kernel version");
	return (struct host){ caps, find_arch(u.machine), parse_kernel(u.release) };
}

static bool has_cap(const struct host *h, const char *name)
{
	int n = docker_cap_number(name);

	return n >= 0 && h->caps & UINT64_C(1) << n;
}

static bool is_arch(const struct host *h, const char *name)
{
	return h->arch && str_eq(h->arch->docker, name);
}

static bool word_is_arch(const struct host *h, const char *words)
{
	_strv_ struct strv l = { 0 };

	strv_split(&l, words, ' ');
	for (size_t i = 0; i < l.n; i++)
		if (is_arch(h, l.v[i]))
			return true;
	return false;
}

static bool rule_holds(const struct profile_rule *r, const struct host *h)
{
	return (!r->cap || has_cap(h, r->cap)) && (!r->no_cap || !has_cap(h, r->no_cap)) &&
	       (!r->arches || word_is_arch(h, r->arches)) &&
	       (!r->no_arches || !word_is_arch(h, r->no_arches)) && h->kernel >= r->kernel;
}

static struct json *new_words(const char *words)
{
	_strv_ struct strv l = { 0 };

	strv_split(&l, words, ' ');
	return tree_new_strv(l.v);
}

static void add_rule(struct json *syscalls, const struct profile_rule *r)
{
	struct json *rule = json_append(syscalls, json_new(JSON_OBJECT)), *arg;

	json_set(rule, "names", new_words(r->names));
	tree_set_str(rule, "action", r->enosys ? "SCMP_ACT_ERRNO" : "SCMP_ACT_ALLOW");
	if (r->enosys)
		json_set(rule, "errnoRet", json_new_int(r->enosys));
	if (!r->arg.op)
		return;
	arg = json_append(tree_array(rule, "args"), json_new(JSON_OBJECT));
	json_set(arg, "index", json_new_int(r->arg.index));
	json_set(arg, "value", json_new_int((int64_t)r->arg.value));
	if (r->arg.value_two || str_eq(r->arg.op, "SCMP_CMP_MASKED_EQ"))
		json_set(arg, "valueTwo", json_new_int((int64_t)r->arg.value_two));
	tree_set_str(arg, "op", r->arg.op);
}

static struct json *resolve_default(const struct host *h)
{
	struct json *seccomp = json_new(JSON_OBJECT), *syscalls;

	tree_set_str(seccomp, "defaultAction", "SCMP_ACT_ERRNO");
	json_set(seccomp, "defaultErrnoRet", json_new_int(1));
	if (h->arch)
		json_set(seccomp, "architectures", new_words(h->arch->scmp));
	syscalls = tree_array(seccomp, "syscalls");
	for (const struct profile_rule *r = profile_default; r->names; r++)
		if (rule_holds(r, h))
			add_rule(syscalls, r);
	return seccomp;
}

static bool all_caps(const struct host *h, const struct json *caps)
{
	for (const struct json *c = caps ? caps->child : NULL; c; c = c->next)
		if (c->type != JSON_STRING || !has_cap(h, c->text))
			return false;
	return true;
}

static bool any_cap(const struct host *h, const struct json *caps)
{
	for (const struct json *c = caps ? caps->child : NULL; c; c = c->next)
		if (c->type == JSON_STRING && has_cap(h, c->text))
			return true;
	return false;
}

static bool any_arch(const struct host *h, const struct json *arches)
{
	for (const struct json *a = arches ? arches->child : NULL; a; a = a->next)
		if (a->type == JSON_STRING && is_arch(h, a->text))
			return true;
	return false;
}

static bool file_rule_holds(const struct json *rule, const struct host *h)
{
	const struct json *in = json_get(rule, "includes"), *out = json_get(rule, "excludes");
	const char *kernel = json_get_str(in, "minKernel");

	if (json_count(json_get(in, "arches")) && !any_arch(h, json_get(in, "arches")))
		return false;
	if (kernel && h->kernel < parse_kernel(kernel))
		return false;
	return all_caps(h, json_get(in, "caps")) && !any_cap(h, json_get(out, "caps")) &&
	       !any_arch(h, json_get(out, "arches"));
}

/* Drop what only an engine understands; "name" is the old spelling of "names". */
static struct json *plain_rule(const struct json *rule)
{
	static const char *const engine_only[] = { "includes", "excludes", "comment", "name" };
	struct json *copy = json_copy(rule);
	const char *name = json_get_str(rule, "name");
	_free_ char *owned = name ? xstrdup(name) : NULL;

	for (size_t i = 0; i < ARRAY_LEN(engine_only); i++)
		tree_drop(copy, engine_only[i]);
	if (owned && *owned)
		json_append(tree_array(copy, "names"), json_new_str(owned));
	return copy;
}

static void map_architectures(struct json *seccomp, const struct json *map, const struct host *h)
{
	for (const struct json *m = map->child; m; m = m->next) {
		const char *native = json_get_str(m, "architecture");
		struct json *list;

		if (!native || !h->arch || !str_starts(h->arch->scmp, native) ||
		    (h->arch->scmp[strlen(native)] && h->arch->scmp[strlen(native)] != ' '))
			continue;
		list = tree_array(seccomp, "architectures");
		json_append(list, json_new_str(native));
		for (const struct json *s = json_get(m, "subArchitectures")
						    ? json_get(m, "subArchitectures")->child
						    : NULL;
		     s; s = s->next)
			if (s->type == JSON_STRING)
				json_append(list, json_new_str(s->text));
	}
}

static struct json *read_profile(const char *file)
{
	_close_ int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct json *profile;

	if (fd < 0)
		die("open '%s'", file);
	profile = config_read(fd, file, CONFIG_MAX);
	if (profile->type != JSON_OBJECT)
		diex("'%s': not a JSON object", file);
	return profile;
}

static struct json *resolve_file(const char *file, const struct host *h)
{
	_json_ struct json *profile = read_profile(file);
	struct json *seccomp = json_new(JSON_OBJECT);

	for (const struct json *m = profile->child; m; m = m->next) {
		if (str_eq(m->key, "archMap"))
			map_architectures(seccomp, m, h);
		else if (!str_eq(m->key, "syscalls"))
			json_set(seccomp, m->key, json_copy(m));
	}
	for (const struct json *r =
		     json_get(profile, "syscalls") ? json_get(profile, "syscalls")->child : NULL;
	     r; r = r->next)
		if (r->type == JSON_OBJECT && file_rule_holds(r, h))
			json_append(tree_array(seccomp, "syscalls"), plain_rule(r));
	return seccomp;
}

struct json *seccomp_resolve(const char *file, uint64_t caps)
{
	const struct host h = host_now(caps);

	return file ? resolve_file(file, &h) : resolve_default(&h);
}
