#include <string.h>

#include "imgunpack/manifest.h"
#include "imgunpack/referrers.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/mem.h"

struct list {
	struct json *all; /* an array */
	const char *type;
};

char *referrers_tag(const struct digest *d)
{
	return xasprintf("sha256-%s", digest_hex(d));
}

static bool is_wanted(const struct json *d, const char *type)
{
	const char *is = json_get_str(d, "artifactType");

	return d->type == JSON_OBJECT && (!type || (is && str_eq(is, type)));
}

static bool take_page(void *ctx, const struct json *page)
{
	struct list *l = ctx;
	const struct json *manifests = json_get(page, "manifests");

	for (const struct json *d = manifests ? manifests->child : NULL; d; d = d->next) {
		if (json_count(l->all) >= IMAGE_ENTRIES_MAX)
			return false;
		if (is_wanted(d, l->type))
			json_append(l->all, json_copy(d));
	}
	return true;
}

static _noreturn_ void die_list(const struct registry *r, struct call *c)
{
	_free_ char *name = ref_full(r->ref);

	diex("list what refers to '%s': %s", name, call_reason(c));
}

struct json *xreferrers_get(struct registry *r, const struct digest *d, const char *type)
{
	_free_ char *api = xasprintf("referrers/%s", d->text);
	_free_ char *tag = referrers_tag(d);
	_free_ char *fallback = xasprintf("manifests/%s", tag);
	struct list l = { json_new(JSON_ARRAY), type };
	char why[JSON_WHY_MAX];
	_buf_ struct buf b = { 0 };
	_json_ struct json *doc = NULL;
	struct call c;

	if (pages_get(r, api, take_page, &l, &c)) {
		call_free(&c);
		return l.all;
	}
	/* Without the list, and without the tag either, there is nothing. */
	if (c.http.status != 404)
		die_list(r, &c);
	call_free(&c);
	if (document_get(r, fallback, manifest_accept, &b, &c)) {
		doc = json_parse(buf_str(&b), b.len, JSON_LAST_WINS, why);
		if (doc)
			take_page(&l, doc);
	} else if (c.http.status != 404) {
		die_list(r, &c);
	}
	call_free(&c);
	return l.all;
}

/* The entry of an index for M. */
static struct json *describe(const struct image_manifest *m, const struct digest *id, int64_t size,
			     const char *media_type)
{
	struct json *d = json_new(JSON_OBJECT), *annotations;
	const char *type = m->artifactType ? m->artifactType : m->config->mediaType;

	json_set(d, "mediaType", json_new_str(media_type));
	json_set(d, "digest", json_new_str(id->text));
	json_set(d, "size", json_new_int(size));
	if (type)
		json_set(d, "artifactType", json_new_str(type));
	if (!m->annotations.n)
		return d;
	annotations = json_make(d, "annotations", JSON_OBJECT);
	for (size_t i = 0; i < m->annotations.n; i++)
		json_set(annotations, m->annotations.v[i].key,
			 json_new_str(m->annotations.v[i].value));
	return d;
}

static struct json *read_index(struct registry *r, const char *what)
{
	char why[JSON_WHY_MAX];
	_buf_ struct buf b = { 0 };
	struct json *doc = NULL;
	struct call c;

	if (document_get(r, what, manifest_accept, &b, &c))
		doc = json_parse(buf_str(&b), b.len, JSON_LAST_WINS, why);
	else if (c.http.status != 404)
		die_list(r, &c);
	call_free(&c);
	if (doc && doc->type == JSON_OBJECT)
		return doc;
	json_free(doc);
	doc = json_new(JSON_OBJECT);
	json_set(doc, "schemaVersion", json_new_int(2));
	json_set(doc, "mediaType", json_new_str(IMAGE_TYPE_INDEX));
	return doc;
}

static bool lists(const struct json *manifests, const struct digest *d)
{
	for (const struct json *e = manifests->child; e; e = e->next) {
		const char *is = json_get_str(e, "digest");

		if (is && str_eq(is, d->text))
			return true;
	}
	return false;
}

void xreferrers_add(struct registry *r, const struct image_manifest *m, const struct digest *id,
		    int64_t size, const char *media_type)
{
	_free_ char *tag = referrers_tag(&m->subject->id);
	_free_ char *what = xasprintf("manifests/%s", tag);
	_json_ struct json *index = read_index(r, what);
	struct json *manifests = json_make(index, "manifests", JSON_ARRAY);
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };
	struct call c;

	if (lists(manifests, id))
		return;
	json_append(manifests, describe(m, id, size, media_type));
	emit_json(&e, NULL, index);
	call_init(&c, r, what);
	c.http.method = "PUT";
	c.http.body = buf_str(&b);
	c.http.body_len = b.len;
	strv_add(&c.headers, "Content-Type: " IMAGE_TYPE_INDEX);
	call_run(r, &c);
	if (c.http.status / 100 != 2)
		die_list(r, &c);
	call_free(&c);
}
