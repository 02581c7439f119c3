#include <stdarg.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/resources.h"
#include "lib/seccomp_spec.h"
#include "lib/spec.h"
#include "lib/str.h"
#include "runc/annotations.h"
#include "runc/faults.h"

void faults_free(struct faults *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].pointer);
		free(f->v[i].reason);
	}
	free(f->v);
	*f = (struct faults){ 0 };
}

static bool has_pointer(const struct faults *f, const char *pointer)
{
	for (size_t i = 0; i < f->n; i++) {
		if (str_eq(f->v[i].pointer, pointer))
			return true;
	}
	return false;
}

void faults_add(struct faults *f, const char *pointer, const char *fmt, ...)
{
	char reason[DECODE_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (has_pointer(f, pointer))
		return;
	f->v = xreallocarray(f->v, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = (struct fault){ xstrdup(pointer), xstrdup(reason) };
}

static void number_elements(struct json *j)
{
	size_t i = 0;

	for (struct json *c = j->child; c; c = c->next, i++) {
		if (j->type == JSON_ARRAY)
			c->key = xasprintf("%zu", i);
		number_elements(c);
	}
}

/* "[3].source": element 3, *AT moved behind its bracket. */
static struct json *element(const struct json *j, const char **at)
{
	size_t len = strcspn(*at + 1, "]");
	_free_ char *digits = xmemdup0(*at + 1, len);
	struct json *c = j->child;
	uint64_t index;

	if ((*at)[len + 1] != ']' || num_u64(digits, UINT32_MAX, &index))
		return NULL;
	for (; c && index; index--)
		c = c->next;
	*at += c ? len + 2 : 0;
	return c;
}

/* One step of a member's name, "mounts[3].source": the child it goes to, *AT moved behind it. Keys
 * may have dots in them (sysctl, annotations): the longest that fits. */
static struct json *step(const struct json *j, const char **at)
{
	struct json *found = NULL;
	size_t best = 0;

	if (j->type == JSON_ARRAY && **at == '[')
		return element(j, at);
	*at += **at == '.';
	for (struct json *c = j->child; j->type == JSON_OBJECT && c; c = c->next) {
		size_t len = strlen(c->key);

		if (len > best && !strncmp(*at, c->key, len) && strchr(".[", (*at)[len])) {
			best = len;
			found = c;
		}
	}
	*at += best;
	return found;
}

static void add_token(struct buf *pointer, const char *key)
{
	buf_addc(pointer, '/');
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			buf_adds(pointer, *key == '~' ? "~0" : "~1");
		else
			buf_addc(pointer, *key);
	}
}

/* Where a fault is: the node, or, where that is missing, its parent and the name it would have. */
struct place {
	struct json *node, *parent;
	const char *missing; /* "" when NODE is there */
};

static struct place find(struct json *tree, const char *member, struct buf *pointer)
{
	struct place p = { .node = tree, .missing = member };

	while (*p.missing) {
		struct json *next = step(p.node, &p.missing);

		if (!next)
			break;
		p.parent = p.node;
		p.node = next;
		add_token(pointer, next->key);
	}
	if (*p.missing) {
		add_token(pointer, p.missing + (*p.missing == '.'));
		p.parent = p.node;
		p.node = NULL;
	}
	return p;
}

/* Something harmless for what has to be there. */
static struct json *substitute(const char *member)
{
	static const struct {
		const char *member, *json;
	} known[] = {
		{ "ociVersion", "\"1.0.0\"" },
		{ "root", "{\"path\":\".\"}" },
		{ "root.path", "\".\"" },
		{ "linux", "{}" },
		{ "process", "{\"cwd\":\"/\",\"args\":[\"\"]}" },
		{ "process.cwd", "\"/\"" },
		{ "process.args", "[\"\"]" },
		{ "linux.uidMappings", "[{\"containerID\":0,\"hostID\":0,\"size\":1}]" },
		{ "linux.gidMappings", "[{\"containerID\":0,\"hostID\":0,\"size\":1}]" },
	};
	char why[JSON_WHY_MAX];

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (str_eq(member, known[i].member))
			return json_parse(known[i].json, strlen(known[i].json), 0, why);
	}
	return NULL;
}

static struct json *parent_of(struct json *tree, const struct json *node)
{
	for (struct json *c = tree->child; c; c = c->next) {
		struct json *p = c == node ? tree : parent_of(c, node);

		if (p)
			return p;
	}
	return NULL;
}

/* Make the fault go. False when nothing is left that could. */
static bool mend(struct json *tree, const char *member, const struct place *p, bool again)
{
	struct json *node = p->node, *parent = p->parent, *good = substitute(member);

	if (good && parent && parent->type == JSON_OBJECT && !again) {
		json_set(parent, strrchr(member, '.') ? strrchr(member, '.') + 1 : member, good);
		return true;
	}
	json_free(good);
	/* What is missing goes with what it is missing from; and so does what was mended in vain.
	 */
	if (!node || again) {
		node = node ? parent : p->parent;
		parent = node ? parent_of(tree, node) : NULL;
	}
	return node && parent && json_remove(parent, node);
}

static int check_resources(const struct json *tree, char why[DECODE_WHY_MAX])
{
	const struct json *j = json_find(tree, "linux.resources");
	struct cgroup_resources r = { 0 };
	int rc;

	if (!j || j->type == JSON_NULL)
		return 0;
	rc = decode(&resources_schema, j, "linux.resources", &r, why);
	decode_free(&resources_schema, &r);
	return rc;
}

static int check_seccomp(const struct spec *spec, const struct json *tree, char why[DECODE_WHY_MAX])
{
	_seccomp_profile_ struct seccomp_profile profile = { 0 };
	struct seccomp_program program = { 0 };
	char reason[DECODE_WHY_MAX] = "";

	if (seccomp_profile_decode(json_find(tree, "linux.seccomp"), &profile, why))
		return -1;
	if (!seccomp_is_wanted(&profile))
		return 0;
	if (seccomp_has_notify(&profile) && !annotation_listener(spec, profile.listenerPath)) {
		snprintf(why, DECODE_WHY_MAX, "linux.seccomp.listenerPath: missing");
		return -1;
	}
	if (seccomp_compile(&profile, -1, &program, reason)) {
		snprintf(why, DECODE_WHY_MAX, "linux.seccomp.%.200s", reason);
		return -1;
	}
	seccomp_program_free(&program);
	return 0;
}

static int check(const struct json *tree, char why[DECODE_WHY_MAX])
{
	_spec_ struct spec spec = { 0 };

	if (spec_decode(&spec, json_copy(tree), why) || check_resources(tree, why))
		return -1;
	return check_seccomp(&spec, tree, why);
}

void faults_find(struct faults *f, struct json *tree)
{
	char why[DECODE_WHY_MAX];

	if (tree->type != JSON_OBJECT) {
		faults_add(f, "", "object wanted, %s found", json_type_name(tree->type));
		return;
	}
	number_elements(tree);
	for (int i = 0; i < FAULTS_MAX && check(tree, why); i++) {
		_buf_ struct buf pointer = { 0 };
		char *colon = strstr(why, ": ");
		struct place p;
		bool again;

		if (!colon) {
			faults_add(f, "", "%s", why);
			return;
		}
		*colon = '\0';
		p = find(tree, why, &pointer);
		again = has_pointer(f, buf_str(&pointer));
		faults_add(f, buf_str(&pointer), "%s", colon + 2);
		if (!mend(tree, why, &p, again))
			return;
	}
}
