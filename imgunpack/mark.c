#include <string.h>

#include "imgunpack/imgctl.h"
#include "imgunpack/map.h"
#include "lib/die.h"
#include "lib/io.h"

/* Documents read, whatever an index lists: a bound for graphs that fan out. */
enum { MAX_DOCUMENTS = 64 * 1024 };

struct marking {
	int layout_dirfd;
	struct digests *found;
	bool only_listed; /* nothing but documents */
	size_t n_documents;
	struct map seen; /* documents, by depth: an index may list one as often as it likes */
};

/* Add the member "digest" of every object below J. More than the schemas name, on purpose: what we
 * do not understand may be another tool's, and keeping is the safe side. */
static void mark_tree(const struct json *j, struct digests *found)
{
	struct digest d;

	for (const struct json *c = j->child; c; c = c->next) {
		if (c->type == JSON_STRING && c->key && !strcmp(c->key, "digest") &&
		    !digest_parse(c->text, &d))
			digests_add(found, &d);
		mark_tree(c, found);
	}
}

struct json *xmark_document(int layout_dirfd, const struct digest *d)
{
	_close_ int fd = blob_open(layout_dirfd, d, -1);
	char why[JSON_WHY_MAX];
	_buf_ struct buf b = { 0 };

	if (fd < 0 || blob_size(layout_dirfd, d) > IMAGE_JSON_MAX ||
	    io_read_all(fd, IMAGE_JSON_MAX, &b))
		return NULL;
	return json_parse(buf_str(&b), b.len, JSON_LAST_WINS, why);
}

static void mark_listed(struct marking *m, const struct json *index, int depth);

/* The document that the entry E of an index is, and those that it lists. */
static void mark_document(struct marking *m, const struct json *e, int depth)
{
	const char *text = json_get_str(e, "digest");
	_json_ struct json *doc = NULL;
	struct digest d;

	if (!text || digest_parse(text, &d) || depth > IMAGE_NESTING_MAX ||
	    map_get(&m->seen, map_key((uint64_t)depth, d.text)) || m->n_documents++ > MAX_DOCUMENTS)
		return;
	map_put(&m->seen, map_key((uint64_t)depth, d.text), 1);
	digests_add(m->found, &d);
	doc = xmark_document(m->layout_dirfd, &d);
	if (!doc)
		return;
	if (!m->only_listed)
		mark_tree(doc, m->found);
	mark_listed(m, doc, depth + 1);
}

static void mark_listed(struct marking *m, const struct json *index, int depth)
{
	const struct json *manifests = json_get(index, "manifests");

	for (const struct json *e = manifests ? manifests->child : NULL; e; e = e->next)
		mark_document(m, e, depth);
}

bool xmark_listed(int layout_dirfd, const struct mark_entry *entries, size_t n, struct digests *out)
{
	struct marking m = { .layout_dirfd = layout_dirfd, .found = out, .only_listed = true };

	for (size_t i = 0; i < n; i++)
		mark_document(&m, entries[i].json, 0);
	map_free(&m.seen);
	return m.n_documents <= MAX_DOCUMENTS;
}

void xmark_entry(int layout_dirfd, const struct json *j, struct digests *out)
{
	struct marking m = { .layout_dirfd = layout_dirfd, .found = out };

	mark_document(&m, j, 0);
	digests_settle(out);
	map_free(&m.seen);
}

struct json *xmark_index(int layout_dirfd)
{
	char why[JSON_WHY_MAX];
	_buf_ struct buf b = { 0 };
	struct json *index;

	if (file_read(layout_dirfd, "index.json", IMAGE_JSON_MAX, &b))
		die("read 'index.json'");
	index = json_parse(buf_str(&b), b.len, 0, why);
	if (!index)
		diex("index.json: %s", why);
	return index;
}

void xmark(int layout_dirfd, const struct json *index, struct digests *out)
{
	struct marking m = { .layout_dirfd = layout_dirfd, .found = out };

	mark_tree(index, out);
	mark_listed(&m, index, 0);
	digests_settle(out);
	map_free(&m.seen);
}
