#include <string.h>

#include "imgunpack/manifest.h"
#include "lib/die.h"
#include "lib/mem.h"

enum { DOCS_MAX = 1024 };

/* All of them, always: without the indexes some registries pick an image themselves, others deny
 * there is one. */
static const char accept_header[] = "Accept: " IMAGE_TYPE_INDEX ", " IMAGE_TYPE_MANIFEST
				    ", " IMAGE_TYPE_DOCKER_LIST ", " IMAGE_TYPE_DOCKER_MANIFEST;

static _noreturn_ void die_pull(const struct registry *r, const char *reason)
{
	_free_ char *name = ref_full(r->ref);

	registry_close((struct registry *)(uintptr_t)r);
	diex("pull '%s': %s", name, reason);
}

static bool take_body(struct http_request *h, const void *data, size_t len)
{
	struct buf *b = h->arg;

	if (len > IMAGE_JSON_MAX - b->len)
		return false;
	buf_add(b, data, len);
	return true;
}

static bool begin_body(struct http_request *h)
{
	buf_reset(h->arg);
	return true;
}

/* Content-Type without its parameters; NULL where it says nothing and the document must tell. */
static char *type_of(const struct http_request *h)
{
	static const char *const vague[] = { "application/json", "application/octet-stream",
					     "text/plain" };
	const char *value = http_header(h, "content-type");
	_free_ char *type = value ? xmemdup0(value, strcspn(value, "; \t")) : NULL;

	for (size_t i = 0; type && i < ARRAY_LEN(vague); i++) {
		if (!strcasecmp(type, vague[i]))
			return NULL;
	}
	return type && *type ? steal_ptr(&type) : NULL;
}

static void die_status_of(struct registry *r, struct call *c)
{
	if (c->http.given_up)
		die_pull(r, "manifest larger than 4 MiB");
	if (c->http.status == 404) {
		_free_ char *reason = xasprintf("not found: %s", call_reason(c));

		die_pull(r, reason);
	}
	die_pull(r, call_reason(c));
}

static void fetch(struct registry *r, const char *which, struct pulled_doc *p)
{
	_free_ char *what = xasprintf("manifests/%s", which);
	struct call c;

	call_init(&c, r, what);
	strv_add(&c.headers, accept_header);
	c.http.start = begin_body;
	c.http.sink = take_body;
	c.http.arg = &p->json;
	call_run(r, &c);
	if (c.http.given_up || c.http.status != 200)
		die_status_of(r, &c);
	free(p->media_type);
	p->media_type = type_of(&c.http);
	digest_of(buf_str(&p->json), p->json.len, &p->digest);
	call_free(&c);
}

static void fetch_first(struct registry *r, struct pulled_doc *p)
{
	const struct ref *ref = r->ref;

	fetch(r, *ref->digest.text ? ref->digest.text : ref->tag, p);
	if (*ref->digest.text && !str_eq(ref->digest.text, p->digest.text))
		die_pull(r, "the manifest does not match the digest asked for");
}

/* Go on to what an index lists: by digest, so that the registry cannot change its mind. */
static void fetch_listed(struct registry *r, const struct image_descriptor *d, struct pulled_doc *p)
{
	if (!*d->id.text)
		die_pull(r, "an index lists a digest of an unsupported algorithm");
	fetch(r, d->id.text, p);
	if (!str_eq(d->id.text, p->digest.text))
		die_pull(r, "a manifest does not match the digest its index states");
	if (d->size != (int64_t)p->json.len)
		die_pull(r, "a manifest does not have the size its index states");
	if (d->mediaType) {
		free(p->media_type);
		p->media_type = xstrdup(d->mediaType);
	}
}

static _noreturn_ void die_platform(const struct registry *r, struct image_index *index,
				    const struct platform *want)
{
	char text[PLATFORM_TEXT_MAX + 1], reason[IMAGE_WHY_MAX];
	char *offered = image_platforms(index->manifests, index->n_manifests);

	snprintf(reason, sizeof(reason), "no image for platform '%s', only for: %s",
		 platform_text(want, text), offered);
	free(offered);
	image_index_free(index);
	die_pull(r, reason);
}

static bool is_index(const struct pulled_doc *doc)
{
	enum image_kind kind = doc->media_type ? image_kind(doc->media_type)
					       : image_sniff(buf_str(&doc->json), doc->json.len);

	return kind == IMAGE_INDEX;
}

static void parse_index(struct registry *r, const struct pulled_doc *doc, struct image_index *index)
{
	char why[IMAGE_WHY_MAX];

	if (image_index_parse(buf_str(&doc->json), doc->json.len, doc->media_type, index, why))
		die_pull(r, why);
}

static void keep_doc(struct pulled *p, struct pulled_doc *doc)
{
	p->docs = xreallocarray(p->docs, p->n_docs + 1, sizeof(*p->docs));
	p->docs[p->n_docs++] = *doc;
	memset(doc, 0, sizeof(*doc));
}

static void keep_manifest(struct registry *r, struct pulled *p, struct pulled_doc *doc)
{
	char why[IMAGE_WHY_MAX];
	struct image_manifest *m;

	p->manifests = xreallocarray(p->manifests, p->n_manifests + 1, sizeof(*p->manifests));
	m = &p->manifests[p->n_manifests];
	if (image_manifest_parse(buf_str(&doc->json), doc->json.len, doc->media_type, m, why))
		die_pull(r, why);
	p->n_manifests++;
	if (!doc->media_type)
		doc->media_type = xstrdup(m->mediaType ? m->mediaType : IMAGE_TYPE_MANIFEST);
	keep_doc(p, doc);
}

/* Replace DOC by what it lists for WANT, until that is no index. */
static void descend(struct registry *r, const struct platform *want, struct pulled_doc *doc,
		    struct pulled *p)
{
	for (int depth = 0; is_index(doc); depth++) {
		const struct image_descriptor *d;
		struct image_index index;

		if (depth == IMAGE_NESTING_MAX)
			die_pull(r, "indexes nested too deeply");
		parse_index(r, doc, &index);
		d = image_choose(index.manifests, index.n_manifests, want);
		if (!d)
			die_platform(r, &index, want);
		p->chosen = d->platform;
		fetch_listed(r, d, doc);
		image_index_free(&index);
	}
	keep_manifest(r, p, doc);
}

static bool has_doc(const struct pulled *p, const struct digest *d)
{
	for (size_t i = 0; i < p->n_docs; i++)
		if (str_eq(p->docs[i].digest.text, d->text))
			return true;
	return false;
}

/* Entries that are neither kind are blobs to nobody knows whom: they stay where they are. */
static bool is_document(const struct image_descriptor *d)
{
	enum image_kind kind = image_kind(d->mediaType);

	return !d->mediaType || kind == IMAGE_INDEX || kind == IMAGE_MANIFEST;
}

static void collect(struct registry *r, struct pulled_doc *doc, int depth, struct pulled *p)
{
	struct image_index index;

	if (!is_index(doc)) {
		keep_manifest(r, p, doc);
		return;
	}
	if (depth == IMAGE_NESTING_MAX)
		die_pull(r, "indexes nested too deeply");
	parse_index(r, doc, &index);
	for (size_t i = 0; i < index.n_manifests; i++) {
		const struct image_descriptor *d = &index.manifests[i];
		struct pulled_doc listed = { 0 };

		if (!is_document(d) || has_doc(p, &d->id))
			continue;
		if (p->n_docs >= DOCS_MAX)
			die_pull(r, "more manifests than anybody could want");
		fetch_listed(r, d, &listed);
		collect(r, &listed, depth + 1, p);
	}
	image_index_free(&index);
	if (!doc->media_type)
		doc->media_type = xstrdup(IMAGE_TYPE_INDEX);
	keep_doc(p, doc);
}

void xmanifest_pull(struct registry *r, const struct platform *want, struct pulled *p)
{
	struct pulled_doc doc = { 0 };

	memset(p, 0, sizeof(*p));
	fetch_first(r, &doc);
	if (want)
		descend(r, want, &doc, p);
	else
		collect(r, &doc, 0, p);
}

const struct pulled_doc *pulled_top(const struct pulled *p)
{
	return &p->docs[p->n_docs - 1];
}

void pulled_free(struct pulled *p)
{
	for (size_t i = 0; i < p->n_docs; i++) {
		free(p->docs[i].media_type);
		buf_free(&p->docs[i].json);
	}
	for (size_t i = 0; i < p->n_manifests; i++)
		image_manifest_free(&p->manifests[i]);
	free(p->docs);
	free(p->manifests);
	memset(p, 0, sizeof(*p));
}
