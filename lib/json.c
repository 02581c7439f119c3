#include <yajl/yajl_parse.h>

#include "lib/json.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

struct build {
	struct json *root;
	struct json *open[JSON_DEPTH_MAX]; /* containers being filled, outermost first */
	int depth;
	char *key;
	unsigned int flags;
	const char *why; /* our own refusal; static text */
	char why_key[64];
};

static int refuse(struct build *b, const char *why)
{
	b->why = why;
	return 0;
}

static bool is_container(enum json_type type)
{
	return type == JSON_ARRAY || type == JSON_OBJECT;
}

static void link_child(struct json *parent, struct json *item)
{
	if (parent->last)
		parent->last->next = item;
	else
		parent->child = item;
	parent->last = item;
}

static int add(struct build *b, struct json *item)
{
	struct json *parent = b->depth ? b->open[b->depth - 1] : NULL;

	item->key = steal_ptr(&b->key);
	if (!parent)
		b->root = item;
	else
		link_child(parent, item);
	if (!is_container(item->type))
		return 1;
	if (b->depth == JSON_DEPTH_MAX)
		return refuse(b, "nested too deeply");
	b->open[b->depth++] = item;
	return 1;
}

static int add_text(struct build *b, enum json_type type, const char *s, size_t len)
{
	struct json *item;

	if (memchr(s, '\0', len))
		return refuse(b, "NUL in a string");
	item = json_new(type);
	item->text = xmemdup0(s, len);
	return add(b, item);
}

static int on_null(void *ctx)
{
	return add(ctx, json_new(JSON_NULL));
}

static int on_boolean(void *ctx, int on)
{
	return add(ctx, json_new(on ? JSON_TRUE : JSON_FALSE));
}

static int on_number(void *ctx, const char *s, size_t len)
{
	return add_text(ctx, JSON_NUMBER, s, len);
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	return add_text(ctx, JSON_STRING, (const char *)s, len);
}

static int on_start_map(void *ctx)
{
	return add(ctx, json_new(JSON_OBJECT));
}

static int on_start_array(void *ctx)
{
	return add(ctx, json_new(JSON_ARRAY));
}

static int on_end(void *ctx)
{
	((struct build *)ctx)->depth--;
	return 1;
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct build *b = ctx;

	if (memchr(s, '\0', len))
		return refuse(b, "NUL in a key");
	b->key = xmemdup0((const char *)s, len);
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

struct member {
	struct json *m;
	size_t at;
};

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->m->key, y->m->key);

	return order ? order : x->at < y->at ? -1 : 1;
}

/* Keep of V only the members still there, in their first order. */
static void relink(struct json *obj, struct member *v, size_t n)
{
	obj->child = obj->last = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!v[i].m)
			continue;
		v[i].m->next = NULL;
		link_child(obj, v[i].m);
	}
}

/* Sorting finds doubles in n log n: a hostile object of 500,000 keys must not cost n squared.
 * Returns false and the key's name where doubles are refused; else the last one of each stays. */
static bool settle_duplicates(struct json *obj, bool last_wins, char name[64])
{
	size_t n = json_count(obj), i = 0;
	_free_ struct member *sorted = xcalloc(n, sizeof(*sorted));
	_free_ struct member *kept = xcalloc(n, sizeof(*kept));
	bool any = false;

	for (struct json *m = obj->child; m; m = m->next, i++)
		sorted[i] = kept[i] = (struct member){ m, i };
	qsort(sorted, n, sizeof(*sorted), compare_members);
	for (i = 1; i < n; i++) {
		struct member *earlier = &sorted[i - 1];

		if (!str_eq(earlier->m->key, sorted[i].m->key))
			continue;
		if (!last_wins) {
			snprintf(name, 64, "%s", earlier->m->key);
			return false;
		}
		kept[earlier->at].m = NULL;
		any = true;
	}
	if (!any)
		return true;
	for (i = 0; i < n; i++) {
		if (!kept[sorted[i].at].m)
			json_free(sorted[i].m);
	}
	relink(obj, kept, n);
	return true;
}

/* Recursion is bounded: depth is at most JSON_DEPTH_MAX. */
static bool check_duplicates(struct build *b, struct json *j)
{
	if (j->type == JSON_OBJECT &&
	    !settle_duplicates(j, b->flags & JSON_LAST_WINS, b->why_key)) {
		b->why = "duplicate key";
		return false;
	}
	for (struct json *c = j->child; c; c = c->next) {
		if (is_container(c->type) && !check_duplicates(b, c))
			return false;
	}
	return true;
}

static unsigned int line_of(const char *s, size_t at)
{
	unsigned int line = 1;

	for (const char *p = memchr(s, '\n', at); p;
	     p = memchr(p + 1, '\n', at - (size_t)(p + 1 - s)))
		line++;
	return line;
}

/* yajl's message is "lexical error: ...\n" plus a picture of the text; only the first line is
 * wanted. */
static void explain(const struct build *b, yajl_handle h, const char *s, size_t len, char *why)
{
	size_t at = yajl_get_bytes_consumed(h);
	unsigned int line = line_of(s, at < len ? at : len);
	unsigned char *msg;

	if (b->why) {
		snprintf(why, JSON_WHY_MAX, "line %u: %s", line, b->why);
		return;
	}
	msg = yajl_get_error(h, 0, (const unsigned char *)s, len);
	snprintf(why, JSON_WHY_MAX, "line %u: %.*s", line, (int)strcspn((char *)msg, "\n"),
		 (char *)msg);
	yajl_free_error(h, msg);
}

struct json *json_parse(const char *s, size_t len, unsigned int flags, char why[JSON_WHY_MAX])
{
	struct build b = { .flags = flags };
	yajl_handle h = yajl_alloc(&callbacks, NULL, &b);
	bool ok = false;

	if (yajl_parse(h, (const unsigned char *)s, len) != yajl_status_ok ||
	    yajl_complete_parse(h) != yajl_status_ok)
		explain(&b, h, s, len, why);
	else if (!b.root)
		snprintf(why, JSON_WHY_MAX, "empty");
	else if (!check_duplicates(&b, b.root))
		snprintf(why, JSON_WHY_MAX, "%s '%s'", b.why, b.why_key);
	else
		ok = true;
	yajl_free(h);
	free(b.key);
	if (!ok) {
		json_free(b.root);
		return NULL;
	}
	return b.root;
}

void json_free(struct json *j)
{
	if (!j)
		return;
	for (struct json *c = j->child; c;) {
		struct json *next = c->next;

		json_free(c);
		c = next;
	}
	free(j->key);
	free(j->text);
	free(j);
}

struct json *json_get(const struct json *obj, const char *key)
{
	if (!obj || obj->type != JSON_OBJECT)
		return NULL;
	for (struct json *m = obj->child; m; m = m->next) {
		if (str_eq(m->key, key))
			return m;
	}
	return NULL;
}

static struct json *element(const struct json *array, const char *index)
{
	uint64_t n;
	struct json *e;

	if (array->type != JSON_ARRAY || num_u64(index, SIZE_MAX, &n))
		return NULL;
	for (e = array->child; e && n; e = e->next)
		n--;
	return e;
}

struct json *json_find(const struct json *root, const char *path)
{
	struct json *at = (struct json *)(uintptr_t)root;

	while (at && *path) {
		size_t len = strcspn(path, ".[]");
		_free_ char *step = xmemdup0(path, len);

		if (len)
			at = at->type == JSON_ARRAY ? element(at, step) : json_get(at, step);
		path += len;
		path += strspn(path, ".[]");
	}
	return at;
}

const char *json_get_str(const struct json *obj, const char *key)
{
	struct json *m = json_get(obj, key);

	return m && m->type == JSON_STRING ? m->text : NULL;
}

size_t json_count(const struct json *container)
{
	size_t n = 0;

	for (struct json *c = container ? container->child : NULL; c; c = c->next)
		n++;
	return n;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = { "null",   "boolean", "boolean", "number",
					     "string", "array",	  "object" };

	return names[type];
}

struct json *json_new(enum json_type type)
{
	struct json *j = xcalloc(1, sizeof(*j));

	j->type = type;
	return j;
}

struct json *json_new_str(const char *s)
{
	struct json *j = json_new(JSON_STRING);

	j->text = xstrdup(s);
	return j;
}

struct json *json_new_int(int64_t n)
{
	struct json *j = json_new(JSON_NUMBER);

	j->text = xasprintf("%lld", (long long)n);
	return j;
}

struct json *json_new_bool(bool on)
{
	return json_new(on ? JSON_TRUE : JSON_FALSE);
}

struct json *json_copy(const struct json *j)
{
	struct json *copy = json_new(j->type);

	copy->key = j->key ? xstrdup(j->key) : NULL;
	copy->text = j->text ? xstrdup(j->text) : NULL;
	for (const struct json *c = j->child; c; c = c->next)
		link_child(copy, json_copy(c));
	return copy;
}

struct json *json_append(struct json *array, struct json *item)
{
	free(item->key);
	item->key = NULL;
	link_child(array, item);
	return item;
}

/* Put ITEM where OLD stands and free OLD. */
static void replace(struct json *parent, struct json *old, struct json *item)
{
	struct json **link = &parent->child;

	while (*link != old)
		link = &(*link)->next;
	item->next = old->next;
	*link = item;
	if (parent->last == old)
		parent->last = item;
	json_free(old);
}

struct json *json_set(struct json *obj, const char *key, struct json *item)
{
	struct json *old = json_get(obj, key);

	free(item->key);
	item->key = xstrdup(key);
	if (old)
		replace(obj, old, item);
	else
		link_child(obj, item);
	return item;
}

struct json *json_make(struct json *obj, const char *key, enum json_type type)
{
	struct json *m = json_get(obj, key);

	return m && m->type == type ? m : json_set(obj, key, json_new(type));
}

bool json_remove(struct json *container, const struct json *item)
{
	struct json *before = NULL;

	for (struct json *c = container->child; c; before = c, c = c->next) {
		if (c != item)
			continue;
		if (before)
			before->next = c->next;
		else
			container->child = c->next;
		if (container->last == c)
			container->last = before;
		json_free(c);
		return true;
	}
	return false;
}
