#include <string.h>

#include "lib/emit.h"
#include "lib/io.h"
#include "lib/layout.h"
#include "lib/path.h"

static const char index_name[] = "index.json";

static int fail(char why[LAYOUT_WHY_MAX], const char *what)
{
	int saved = errno;

	return layout_refuse(saved, why, "%s: %s", what, strerror(saved));
}

static int read_text(int layout_dirfd, struct buf *b, char why[LAYOUT_WHY_MAX])
{
	return file_read(layout_dirfd, index_name, IMAGE_JSON_MAX, b)
		       ? fail(why, "read 'index.json'")
		       : 0;
}

int layout_read_index(int layout_dirfd, struct image_index *out, char why[LAYOUT_WHY_MAX])
{
	char reason[IMAGE_WHY_MAX];
	_buf_ struct buf b = { 0 };

	memset(out, 0, sizeof(*out));
	if (read_text(layout_dirfd, &b, why))
		return -1;
	if (image_index_parse(buf_str(&b), b.len, NULL, out, reason))
		return layout_refuse(EINVAL, why, "index.json: %s", reason);
	return 0;
}

const char *layout_entry_name(const struct image_descriptor *d)
{
	return decode_map_get(&d->annotations, IMAGE_REF_NAME);
}

/* Changing index.json: as a tree, so that what we do not know stays as it is. */
struct change {
	int lock;
	struct json *doc, *manifests;
};

static void change_end(struct change *c)
{
	close_fd(&c->lock);
	json_free(c->doc);
}

static int change_begin(int layout_dirfd, struct change *c, char why[LAYOUT_WHY_MAX])
{
	struct image_index checked;
	_buf_ struct buf b = { 0 };
	char reason[JSON_WHY_MAX];

	c->doc = NULL;
	c->lock = path_lock_dir(layout_dirfd, "blobs", true, false);
	if (c->lock < 0)
		return fail(why, "lock the layout");
	if (layout_read_index(layout_dirfd, &checked, why))
		return -1;
	image_index_free(&checked);
	if (read_text(layout_dirfd, &b, why))
		return -1;
	c->doc = json_parse(buf_str(&b), b.len, 0, reason);
	if (!c->doc)
		return layout_refuse(EINVAL, why, "index.json: %s", reason);
	c->manifests = json_make(c->doc, "manifests", JSON_ARRAY);
	return 0;
}

static int change_write(int layout_dirfd, const struct change *c, char why[LAYOUT_WHY_MAX])
{
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	emit_json(&e, NULL, c->doc);
	if (b.len > IMAGE_JSON_MAX)
		return layout_refuse(EFBIG, why, "index.json: too many images for one layout");
	if (file_replace(layout_dirfd, index_name, 0644, buf_str(&b), b.len, true) ||
	    fsync(layout_dirfd))
		return fail(why, "write 'index.json'");
	return 0;
}

static const char *tree_name(const struct json *entry)
{
	return json_get_str(json_get(entry, "annotations"), IMAGE_REF_NAME);
}

static bool has_digest(const struct json *entry, const struct digest *d)
{
	const char *text = json_get_str(entry, "digest");

	return text && !strcmp(text, d->text);
}

/* An entry of TAG, or a nameless one of DIGEST, is in the way of a new one. */
static bool is_replaced(const struct json *entry, const char *tag, const struct digest *d)
{
	const char *name = tree_name(entry);

	return name ? tag && !strcmp(name, tag) : has_digest(entry, d);
}

static void remove_replaced(struct json *manifests, const char *tag, const struct digest *d)
{
	for (struct json *e = manifests->child, *next; e; e = next) {
		next = e->next;
		if (is_replaced(e, tag, d))
			json_remove(manifests, e);
	}
}

static void set_platform(struct json *entry, const struct platform *p)
{
	struct json *j = json_make(entry, "platform", JSON_OBJECT);

	json_set(j, "architecture", json_new_str(p->architecture));
	json_set(j, "os", json_new_str(p->os));
	if (*p->variant)
		json_set(j, "variant", json_new_str(p->variant));
}

static void set_tag(struct json *entry, const char *tag)
{
	json_set(json_make(entry, "annotations", JSON_OBJECT), IMAGE_REF_NAME, json_new_str(tag));
}

static bool is_known(const struct json *manifests, const struct digest *d)
{
	for (const struct json *e = manifests->child; e; e = e->next) {
		if (has_digest(e, d))
			return true;
	}
	return false;
}

int layout_put(int layout_dirfd, const struct layout_entry *e, char why[LAYOUT_WHY_MAX])
{
	struct change c = { 0 };
	struct json *entry;
	int rc = change_begin(layout_dirfd, &c, why);

	if (!rc && (e->tag || !is_known(c.manifests, e->digest))) {
		remove_replaced(c.manifests, e->tag, e->digest);
		entry = json_append(c.manifests, json_new(JSON_OBJECT));
		json_set(entry, "mediaType", json_new_str(e->media_type));
		json_set(entry, "digest", json_new_str(e->digest->text));
		json_set(entry, "size", json_new_int(e->size));
		if (e->platform)
			set_platform(entry, e->platform);
		if (e->tag)
			set_tag(entry, e->tag);
		rc = change_write(layout_dirfd, &c, why);
	}
	change_end(&c);
	return rc;
}

static bool is_meant(const struct json *entry, const struct layout_name *which)
{
	const char *name = tree_name(entry);

	return which->tag ? name && !strcmp(name, which->tag) : has_digest(entry, &which->digest);
}

static bool is_unnamed(const struct layout_name *which)
{
	return !which->tag && !*which->digest.text;
}

/* Without tag and digest: the only entry there is. */
static struct json *find_meant(const struct json *manifests, const struct layout_name *which)
{
	if (is_unnamed(which))
		return json_count(manifests) == 1 ? manifests->child : NULL;
	for (struct json *e = manifests->child; e; e = e->next) {
		if (is_meant(e, which))
			return e;
	}
	return NULL;
}

int layout_refuse_unknown(const struct layout_name *which, char why[LAYOUT_WHY_MAX])
{
	if (is_unnamed(which))
		return layout_refuse(ENOENT, why, "not exactly one image in this layout");
	return layout_refuse(ENOENT, why, "no image '%.300s' in this layout",
			     which->tag ? which->tag : which->digest.text);
}

static int tag_in(struct json *manifests, const struct layout_name *old, const char *new_tag,
		  char why[LAYOUT_WHY_MAX])
{
	const struct json *found = find_meant(manifests, old);
	struct json *copy;
	struct digest d;

	if (!found)
		return layout_refuse_unknown(old, why);
	if (digest_parse(json_get_str(found, "digest"), &d))
		return layout_refuse(ENOTSUP, why, "unsupported digest");
	copy = json_copy(found);
	set_tag(copy, new_tag);
	remove_replaced(manifests, new_tag, &d);
	json_append(manifests, copy);
	return 0;
}

int layout_tag(int layout_dirfd, const struct layout_name *old, const char *new_tag,
	       char why[LAYOUT_WHY_MAX])
{
	struct change c = { 0 };
	int rc = change_begin(layout_dirfd, &c, why);

	if (!rc)
		rc = tag_in(c.manifests, old, new_tag, why);
	if (!rc)
		rc = change_write(layout_dirfd, &c, why);
	change_end(&c);
	return rc;
}

int layout_untag(int layout_dirfd, const struct layout_name *which, char why[LAYOUT_WHY_MAX])
{
	struct change c = { 0 };
	struct json *entry;
	int n = 0, rc = change_begin(layout_dirfd, &c, why);

	while (!rc && (entry = find_meant(c.manifests, which))) {
		json_remove(c.manifests, entry);
		n++;
	}
	if (n)
		rc = change_write(layout_dirfd, &c, why);
	change_end(&c);
	return rc ? -1 : n;
}

void layout_drop_in(struct json *manifests, layout_pick *pick, const void *ctx)
{
	struct digest d;

	for (struct json *e = manifests ? manifests->child : NULL, *next; e; e = next) {
		const char *text = json_get_str(e, "digest");

		next = e->next;
		if (text && !tree_name(e) && !digest_parse(text, &d) && pick(ctx, &d))
			json_remove(manifests, e);
	}
}

int layout_drop(int layout_dirfd, layout_pick *pick, const void *ctx, char why[LAYOUT_WHY_MAX])
{
	struct change c = { 0 };
	int rc = change_begin(layout_dirfd, &c, why);

	if (!rc) {
		layout_drop_in(c.manifests, pick, ctx);
		rc = change_write(layout_dirfd, &c, why);
	}
	change_end(&c);
	return rc;
}
