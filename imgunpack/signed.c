#include <string.h>

#include "imgunpack/manifest.h"
#include "imgunpack/referrers.h"
#include "imgunpack/signature.h"
#include "lib/mem.h"

/* More than this nobody wants to judge. */
enum { CANDIDATES_MAX = 64 };

/* A blob of the repository that is what its descriptor says. */
static bool get_blob(struct registry *r, const struct image_descriptor *l, struct buf *out)
{
	_free_ char *what = xasprintf("blobs/%s", l->id.text);
	struct digest found;
	struct call c;
	bool ok = *l->id.text && document_get(r, what, NULL, out, &c);

	if (!*l->id.text)
		return false;
	call_free(&c);
	digest_of(buf_str(out), out->len, &found);
	return ok && str_eq(found.text, l->id.text);
}

static bool has_good_layer(struct registry *r, const struct image_manifest *m,
			   const struct digest *d, const char *hook)
{
	for (size_t i = 0; i < m->n_layers && i < CANDIDATES_MAX; i++) {
		const char *text = signature_text(&m->layers[i]);
		_buf_ struct buf document = { 0 };

		if (text && get_blob(r, &m->layers[i], &document) &&
		    signature_is_good(hook, &document, text, d))
			return true;
	}
	return false;
}

/* WHICH is a digest or a tag of the repository. */
static bool is_good(struct registry *r, const char *which, const struct digest *d, const char *hook)
{
	_free_ char *what = xasprintf("manifests/%s", which);
	char why[IMAGE_WHY_MAX];
	_buf_ struct buf json = { 0 };
	struct image_manifest m;
	struct call c;
	bool ok = document_get(r, what, manifest_accept, &json, &c);

	call_free(&c);
	if (!ok || image_manifest_parse(buf_str(&json), json.len, NULL, &m, why))
		return false;
	ok = has_good_layer(r, &m, d, hook);
	image_manifest_free(&m);
	return ok;
}

bool signature_in_registry(struct registry *r, const struct digest *d, const char *hook)
{
	_json_ struct json *all = xreferrers_get(r, d, SIGNATURE_ARTIFACT);
	_free_ char *tag = referrers_tag(d);
	_free_ char *old = xasprintf("%s.sig", tag);
	int n = 0;

	for (const struct json *e = all->child; e && n < CANDIDATES_MAX; e = e->next, n++) {
		const char *text = json_get_str(e, "digest");

		if (text && digest_is_valid(text) && is_good(r, text, d, hook))
			return true;
	}
	return is_good(r, old, d, hook);
}
