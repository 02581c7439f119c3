#include <string.h>

#include "imgunpack/manifest.h"
#include "lib/die.h"
#include "lib/mem.h"

static _noreturn_ void die_pull(const struct registry *r, const char *reason)
{
	_free_ char *name = ref_full(r->ref);

	registry_close((struct registry *)(uintptr_t)r);
	diex("pull '%s': %s", name, reason);
}

static _noreturn_ void die_call(struct registry *r, struct call *c)
{
	_free_ char *reason = xasprintf("%s%s%s", c->http.given_up ? "manifest " : "",
					c->http.status == 404 ? "not found: " : "", call_reason(c));

	die_pull(r, reason);
}

static void fetch(struct registry *r, const char *which, struct doc *p)
{
	_free_ char *what = xasprintf("manifests/%s", which);
	struct call c;

	if (!document_get(r, what, manifest_accept, &p->json, &c))
		die_call(r, &c);
	free(p->media_type);
	p->media_type = document_type(&c.http);
	digest_of(buf_str(&p->json), p->json.len, &p->digest);
	call_free(&c);
}

static void fetch_first(struct registry *r, struct doc *p)
{
	const struct ref *ref = r->ref;

	fetch(r, *ref->digest.text ? ref->digest.text : ref->tag, p);
	if (*ref->digest.text && !str_eq(ref->digest.text, p->digest.text))
		die_pull(r, "the manifest does not match the digest asked for");
}

/* Go on to what an index lists: by digest, so that the registry cannot change its mind. */
static void fetch_listed(struct registry *r, const struct image_descriptor *d, struct doc *p)
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

static void parse_index(struct registry *r, const struct doc *doc, struct image_index *index)
{
	char why[IMAGE_WHY_MAX];

	if (image_index_parse(buf_str(&doc->json), doc->json.len, doc->media_type, index, why))
		die_pull(r, why);
}

static void keep(struct registry *r, struct pulled *p, struct doc *doc)
{
	char why[IMAGE_WHY_MAX];

	if (docs_add(&p->docs, doc, why))
		die_pull(r, why);
}

/* Replace DOC by what it lists for WANT, until that is no index. */
static void descend(struct registry *r, const struct platform *want, struct doc *doc,
		    struct pulled *p)
{
	for (int depth = 0; doc_is_index(doc); depth++) {
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
	keep(r, p, doc);
}

static void collect(struct registry *r, struct doc *doc, int depth, struct pulled *p)
{
	struct image_index index;

	if (!doc_is_index(doc)) {
		keep(r, p, doc);
		return;
	}
	if (depth == IMAGE_NESTING_MAX)
		die_pull(r, "indexes nested too deeply");
	parse_index(r, doc, &index);
	for (size_t i = 0; i < index.n_manifests; i++) {
		const struct image_descriptor *d = &index.manifests[i];
		struct doc listed = { 0 };

		if (!docs_can_follow(d) || docs_has(&p->docs, &d->id))
			continue;
		if (p->docs.n >= DOCS_MAX)
			die_pull(r, "more manifests than anybody could want");
		fetch_listed(r, d, &listed);
		collect(r, &listed, depth + 1, p);
	}
	image_index_free(&index);
	keep(r, p, doc);
}

void xmanifest_pull(struct registry *r, const struct platform *want, struct pulled *p)
{
	struct doc doc = { 0 };

	memset(p, 0, sizeof(*p));
	fetch_first(r, &doc);
	p->named = doc.digest;
	if (want)
		descend(r, want, &doc, p);
	else
		collect(r, &doc, 0, p);
}
