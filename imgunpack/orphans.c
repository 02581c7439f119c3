/* Signatures and the like of images that are not there any more: nameless entries that refer to a
 * manifest which is in the layout but which no entry leads to. Who pulled such an artifact alone
 * has no such manifest and keeps it. */
#include "imgunpack/imgctl.h"
#include "lib/die.h"
#include "lib/mem.h"

/* Referrers of referrers; where they go deeper all are kept. */
enum { ROUNDS_MAX = 16 };

struct entry {
	struct json *json;
	struct digest digest, subject; /* "": refers to nothing that is here */
	bool is_kept;
};

static struct digest digest_in(const struct json *j)
{
	const char *text = json_get_str(j, "digest");
	struct digest d;

	if (!text || digest_parse(text, &d))
		d.text[0] = '\0';
	return d;
}

static struct entry look_at(int layout_dirfd, struct json *j)
{
	struct entry e = { .json = j, .digest = digest_in(j) };
	_json_ struct json *doc = NULL;

	if (*e.digest.text && !json_get_str(json_get(j, "annotations"), IMAGE_REF_NAME))
		doc = xmark_document(layout_dirfd, &e.digest);
	e.subject = digest_in(json_get(doc, "subject"));
	if (*e.subject.text && blob_size(layout_dirfd, &e.subject) < 0)
		e.subject.text[0] = '\0';
	return e;
}

enum kept { NONE_KEPT, SOME_KEPT, UNSURE };

/* Keep what refers to nothing, or to something REACHED, which then grows. */
static enum kept keep_some(int layout_dirfd, struct entry *v, size_t n, struct digests *reached)
{
	_free_ struct mark_entry *new = xcalloc(n + 1, sizeof(*new));
	size_t n_new = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].is_kept || (*v[i].subject.text && !digests_has(reached, &v[i].subject)))
			continue;
		v[i].is_kept = true;
		new[n_new++].json = v[i].json;
	}
	if (!xmark_listed(layout_dirfd, new, n_new, reached))
		return UNSURE;
	digests_settle(reached);
	return n_new ? SOME_KEPT : NONE_KEPT;
}

void xorphans(int layout_dirfd, const struct json *index, struct digests *out)
{
	const struct json *manifests = json_get(index, "manifests");
	_free_ struct entry *v = xcalloc(json_count(manifests) + 1, sizeof(*v));
	struct digests reached = { 0 };
	enum kept kept = SOME_KEPT;
	size_t n = 0;

	for (struct json *j = manifests ? manifests->child : NULL; j; j = j->next)
		v[n++] = look_at(layout_dirfd, j);
	for (size_t round = 0; round < ROUNDS_MAX && kept == SOME_KEPT; round++)
		kept = keep_some(layout_dirfd, v, n, &reached);
	for (size_t i = 0; i < n && kept == NONE_KEPT; i++)
		if (!v[i].is_kept)
			digests_add(out, &v[i].digest);
	digests_settle(out);
	digests_free(&reached);
}
