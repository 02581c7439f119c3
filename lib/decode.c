#include "lib/decode.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

/* Where we are, for messages: a chain of steps that lives on the stack. */
struct step {
	const struct step *up;
	const char *name; /* NULL: element INDEX of the one above */
	size_t index;
};

struct ctx {
	const char *path;
	char *why;
};

static void add_steps(struct buf *b, const struct step *s)
{
	if (!s)
		return;
	add_steps(b, s->up);
	if (!s->name)
		buf_addf(b, "[%zu]", s->index);
	else
		buf_addf(b, "%s%s", b->len ? "." : "", s->name);
}

static int bad(const struct ctx *c, const struct step *at, const char *what)
{
	_buf_ struct buf where = { 0 };

	buf_adds(&where, c->path);
	add_steps(&where, at);
	snprintf(c->why, DECODE_WHY_MAX, "%s: %s", where.len ? where.data : "document", what);
	return set_errno(EINVAL);
}

static int bad_type(const struct ctx *c, const struct step *at, const char *wanted,
		    const struct json *j)
{
	char what[64];

	snprintf(what, sizeof(what), "%s wanted, %s found", wanted, json_type_name(j->type));
	return bad(c, at, what);
}

static int get_str(const struct ctx *c, const struct field *f, const struct json *j,
		   const struct step *at, char **out)
{
	if (j->type != JSON_STRING)
		return bad_type(c, at, "string", j);
	if (f->flags & NONEMPTY && !*j->text)
		return bad(c, at, "empty");
	if (f->flags & ABSPATH && *j->text != '/')
		return bad(c, at, "not an absolute path");
	free(*out);
	*out = xstrdup(j->text);
	return 0;
}

static int get_strv(const struct ctx *c, const struct field *f, const struct json *j,
		    const struct step *at, char ***out)
{
	_strv_ struct strv l = { 0 };
	size_t i = 0;

	if (j->type != JSON_ARRAY)
		return bad_type(c, at, "array", j);
	if (f->flags & NONEMPTY && !j->child)
		return bad(c, at, "empty");
	for (const struct json *e = j->child; e; e = e->next, i++) {
		struct step here = { at, NULL, i };

		if (e->type != JSON_STRING)
			return bad_type(c, &here, "string", e);
		strv_add(&l, e->text);
	}
	strv_free_v(*out);
	*out = l.v ? steal_ptr(&l.v) : xcalloc(1, sizeof(char *));
	l = (struct strv){ 0 };
	return 0;
}

static int get_number(const struct ctx *c, const struct field *f, const struct json *j,
		      const struct step *at, void *out)
{
	int rc;

	if (j->type != JSON_NUMBER)
		return bad_type(c, at, "number", j);
	if (f->kind == D_I64)
		rc = num_i64(j->text, INT64_MIN, INT64_MAX, out);
	else if (f->kind == D_U64)
		rc = num_u64(j->text, UINT64_MAX, out);
	else
		rc = num_u32(j->text, out);
	return rc ? bad(c, at, errno == ERANGE ? "out of range" : "not a whole number in range")
		  : 0;
}

static int get_bool(const struct ctx *c, const struct json *j, const struct step *at, bool *out)
{
	if (j->type != JSON_TRUE && j->type != JSON_FALSE)
		return bad_type(c, at, "boolean", j);
	*out = j->type == JSON_TRUE;
	return 0;
}

static int get_enum(const struct ctx *c, const struct field *f, const struct json *j,
		    const struct step *at, int *out)
{
	char what[96];

	if (j->type != JSON_STRING)
		return bad_type(c, at, "string", j);
	for (const struct decode_name *n = f->names; n->name; n++) {
		if (str_eq(n->name, j->text)) {
			*out = n->value;
			return 0;
		}
	}
	snprintf(what, sizeof(what), "unknown value '%.64s'", j->text);
	return bad(c, at, what);
}

static int get_map(const struct ctx *c, const struct json *j, const struct step *at,
		   struct decode_map *out)
{
	if (j->type != JSON_OBJECT)
		return bad_type(c, at, "object", j);
	out->v = xcalloc(json_count(j), sizeof(*out->v));
	for (const struct json *m = j->child; m; m = m->next) {
		struct step here = { at, m->key, 0 };

		if (m->type != JSON_STRING)
			return bad_type(c, &here, "string", m);
		out->v[out->n++] = (struct decode_map_entry){ xstrdup(m->key), xstrdup(m->text) };
	}
	return 0;
}

static int get_struct(const struct ctx *c, const struct schema *s, const struct json *j,
		      const struct step *at, void *out);

static int get_obj(const struct ctx *c, const struct field *f, const struct json *j,
		   const struct step *at, void **out)
{
	if (j->type != JSON_OBJECT)
		return bad_type(c, at, "object", j);
	if (!*out)
		*out = xcalloc(1, f->schema->size);
	return get_struct(c, f->schema, j, at, *out);
}

static int get_list(const struct ctx *c, const struct field *f, const struct json *j,
		    const struct step *at, void **out, size_t *count)
{
	if (j->type != JSON_ARRAY)
		return bad_type(c, at, "array", j);
	if (f->flags & NONEMPTY && !j->child)
		return bad(c, at, "empty");
	*out = xcalloc(json_count(j), f->schema->size);
	for (const struct json *e = j->child; e; e = e->next) {
		struct step here = { at, NULL, *count };

		if (e->type != JSON_OBJECT)
			return bad_type(c, &here, "object", e);
		/* Counted first, so that decode_free sees what a failing element stored. */
		(*count)++;
		if (get_struct(c, f->schema, e, &here,
			       (char *)*out + (*count - 1) * f->schema->size))
			return -1;
	}
	return 0;
}

static int get_u32v(const struct ctx *c, const struct field *f, const struct json *j,
		    const struct step *at, uint32_t **out, size_t *count)
{
	if (j->type != JSON_ARRAY)
		return bad_type(c, at, "array", j);
	if (f->flags & NONEMPTY && !j->child)
		return bad(c, at, "empty");
	*out = xcalloc(json_count(j), sizeof(**out));
	for (const struct json *e = j->child; e; e = e->next) {
		struct step here = { at, NULL, *count };

		if (get_number(c, f, e, &here, *out + *count))
			return -1;
		(*count)++;
	}
	return 0;
}

static int get_keyed(const struct ctx *c, const struct field *f, const struct json *j,
		     const struct step *at, void **out, size_t *count)
{
	if (j->type != JSON_OBJECT)
		return bad_type(c, at, "object", j);
	*out = xcalloc(json_count(j), f->schema->size);
	for (const struct json *m = j->child; m; m = m->next) {
		struct step here = { at, m->key, 0 };
		char *element = (char *)*out + *count * f->schema->size;

		if (m->type != JSON_OBJECT)
			return bad_type(c, &here, "object", m);
		*(char **)(void *)element = xstrdup(m->key);
		(*count)++;
		if (get_struct(c, f->schema, m, &here, element))
			return -1;
	}
	return 0;
}

static int get_field(const struct ctx *c, const struct field *f, const struct json *j,
		     const struct step *at, char *base)
{
	void *out = base + f->offset;

	switch (f->kind) {
	case D_STR:
		return get_str(c, f, j, at, out);
	case D_STRV:
		return get_strv(c, f, j, at, out);
	case D_BOOL:
		return get_bool(c, j, at, out);
	case D_I64:
	case D_U64:
	case D_U32:
		return get_number(c, f, j, at, out);
	case D_ENUM:
		return get_enum(c, f, j, at, out);
	case D_OBJ:
		return get_obj(c, f, j, at, out);
	case D_LIST:
		return get_list(c, f, j, at, out, (size_t *)(void *)(base + f->aux));
	case D_U32V:
		return get_u32v(c, f, j, at, out, (size_t *)(void *)(base + f->aux));
	case D_KEYED:
		return get_keyed(c, f, j, at, out, (size_t *)(void *)(base + f->aux));
	case D_MAP:
		return get_map(c, j, at, out);
	case D_JSON:
		*(struct json **)out = json_copy(j);
		return 0;
	case D_END:
		break;
	}
	return 0;
}

static bool has_presence(const struct field *f)
{
	return f->aux != NO_AUX && (f->kind == D_BOOL || f->kind == D_I64 || f->kind == D_U64 ||
				    f->kind == D_U32 || f->kind == D_ENUM);
}

static int get_struct(const struct ctx *c, const struct schema *s, const struct json *j,
		      const struct step *at, void *out)
{
	for (const struct field *f = s->fields; f->kind != D_END; f++) {
		const struct json *m = json_get(j, f->name);
		struct step here = { at, f->name, 0 };

		if (!m || m->type == JSON_NULL) {
			if (f->flags & REQUIRED)
				return bad(c, &here, "missing");
			continue;
		}
		if (get_field(c, f, m, &here, out))
			return -1;
		if (has_presence(f))
			*(bool *)((char *)out + f->aux) = true;
	}
	return 0;
}

int decode(const struct schema *s, const struct json *j, const char *path, void *out,
	   char why[DECODE_WHY_MAX])
{
	struct ctx c = { path, why };

	if (j->type != JSON_OBJECT)
		return bad_type(&c, NULL, "object", j);
	return get_struct(&c, s, j, NULL, out);
}

static void free_map(struct decode_map *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].key);
		free(m->v[i].value);
	}
	free(m->v);
}

static void free_list(const struct field *f, char *v, size_t n)
{
	for (size_t i = 0; v && i < n; i++) {
		if (f->kind == D_KEYED)
			free(*(char **)(void *)(v + i * f->schema->size));
		decode_free(f->schema, v + i * f->schema->size);
	}
	free(v);
}

static void free_field(const struct field *f, char *base)
{
	void *at = base + f->offset;

	if (f->kind == D_STR || f->kind == D_U32V) {
		free(*(void **)at);
	} else if (f->kind == D_STRV) {
		strv_free_v(*(char ***)at);
	} else if (f->kind == D_MAP) {
		free_map(at);
	} else if (f->kind == D_JSON) {
		json_free(*(struct json **)at);
	} else if (f->kind == D_OBJ && *(void **)at) {
		decode_free(f->schema, *(void **)at);
		free(*(void **)at);
	} else if (f->kind == D_LIST || f->kind == D_KEYED) {
		free_list(f, *(char **)at, *(size_t *)(void *)(base + f->aux));
	}
}

void decode_free(const struct schema *s, void *out)
{
	for (const struct field *f = s->fields; f->kind != D_END; f++)
		free_field(f, out);
	memset(out, 0, s->size);
}

const char *decode_map_get(const struct decode_map *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++) {
		if (str_eq(m->v[i].key, key))
			return m->v[i].value;
	}
	return NULL;
}
