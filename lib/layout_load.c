#include <limits.h>
#include <string.h>

#include "lib/layout.h"
#include "lib/mem.h"

static bool is_named(const struct image_descriptor *d, const char *tag)
{
	const char *name = layout_entry_name(d);
	const char *full = decode_map_get(&d->annotations, "io.containerd.image.name");

	return (name && !strcmp(name, tag)) || (full && !strcmp(full, tag));
}

static bool is_wanted(const struct image_descriptor *d, const struct layout_name *name)
{
	if (name->tag)
		return is_named(d, name->tag);
	return !*name->digest.text || !strcmp(d->id.text, name->digest.text);
}

static int refuse_several(const struct image_index *index, char why[LAYOUT_WHY_MAX])
{
	_buf_ struct buf names = { 0 };

	for (size_t i = 0; i < index->n_manifests && names.len < LAYOUT_WHY_MAX; i++) {
		const char *name = layout_entry_name(&index->manifests[i]);

		buf_addf(&names, "%s%s", names.len ? ", " : "",
			 name ? name : index->manifests[i].digest);
	}
	return layout_refuse(EINVAL, why, "several images in this layout: %.400s", buf_str(&names));
}

const struct image_descriptor *layout_find(const struct image_index *index,
					   const struct layout_name *name,
					   const struct platform *want, char why[LAYOUT_WHY_MAX])
{
	const struct image_descriptor *first = NULL, *best = NULL;
	int best_rank = INT_MAX;
	size_t n = 0;

	for (size_t i = 0; i < index->n_manifests; i++) {
		const struct image_descriptor *d = &index->manifests[i];
		int rank = image_rank(d, want);

		if (!is_wanted(d, name))
			continue;
		if (!n++)
			first = d;
		if (rank >= 0 && rank < best_rank) {
			best = d;
			best_rank = rank;
		}
	}
	if (n == 1 || (n && *name->digest.text))
		return first;
	if (n && name->tag && best)
		return best;
	if (!n && (name->tag || *name->digest.text))
		layout_refuse_unknown(name, why);
	else if (!n)
		layout_refuse(ENOENT, why, "no image in this layout");
	else if (!name->tag)
		refuse_several(index, why);
	else
		layout_refuse(ENOENT, why, "image '%.300s' is not there for this platform",
			      name->tag);
	return NULL;
}

/* A document on the way from index.json to the manifest. */
struct doc {
	struct digest id;
	int64_t size; /* -1: not known */
	char *media_type;
	struct buf json;
};

static void doc_set(struct doc *doc, const struct image_descriptor *d)
{
	doc->id = d->id;
	doc->size = d->size;
	free(doc->media_type);
	doc->media_type = d->mediaType ? xstrdup(d->mediaType) : NULL;
}

static void doc_free(struct doc *doc)
{
	free(doc->media_type);
	buf_free(&doc->json);
}

static int read_blob(int layout_dirfd, const struct digest *id, int64_t size, struct buf *b,
		     char why[LAYOUT_WHY_MAX])
{
	buf_reset(b);
	if (!*id->text)
		return layout_refuse(ENOTSUP, why, "unsupported digest algorithm");
	if (!blob_read(layout_dirfd, id, size, IMAGE_JSON_MAX, b))
		return 0;
	if (errno == EBADMSG)
		return layout_refuse(EBADMSG, why, "blob '%s' does not match its digest and size",
				     id->text);
	return layout_refuse(errno, why, "read blob '%s': %s", id->text, strerror(errno));
}

/* Replace DOC, an index, by the entry that suits WANT. */
static int step_down(struct doc *doc, const struct platform *want, char why[LAYOUT_WHY_MAX])
{
	char reason[IMAGE_WHY_MAX], text[PLATFORM_TEXT_MAX + 1];
	const struct image_descriptor *d;
	struct image_index index;
	int rc = 0;

	if (image_index_parse(buf_str(&doc->json), doc->json.len, doc->media_type, &index, reason))
		return layout_refuse(EINVAL, why, "index '%s': %s", doc->id.text, reason);
	d = image_choose(index.manifests, index.n_manifests, want);
	if (d) {
		doc_set(doc, d);
	} else {
		_free_ char *offered = image_platforms(index.manifests, index.n_manifests);

		rc = layout_refuse(ENOENT, why, "no image for platform '%s', only for: %.300s",
				   platform_text(want, text), offered);
	}
	image_index_free(&index);
	return rc;
}

/* Read DOC; while it is an index, go on to what it lists. Ends with DOC the manifest. */
static int find_manifest(int layout_dirfd, struct doc *doc, const struct platform *want,
			 char why[LAYOUT_WHY_MAX])
{
	for (int depth = 0; depth <= IMAGE_NESTING_MAX; depth++) {
		enum image_kind kind;

		if (read_blob(layout_dirfd, &doc->id, doc->size, &doc->json, why))
			return -1;
		kind = doc->media_type ? image_kind(doc->media_type)
				       : image_sniff(buf_str(&doc->json), doc->json.len);
		if (kind == IMAGE_MANIFEST)
			return 0;
		if (kind != IMAGE_INDEX)
			return layout_refuse(EINVAL, why,
					     "'%s' is neither a manifest nor an index: '%.100s'",
					     doc->id.text, doc->media_type ? doc->media_type : "");
		if (step_down(doc, want, why))
			return -1;
	}
	return layout_refuse(ELOOP, why, "indexes nested more than %d deep", IMAGE_NESTING_MAX);
}

static bool is_artifact(const struct image_descriptor *config)
{
	return config->mediaType && image_kind(config->mediaType) != IMAGE_CONFIG;
}

static int load_config(int layout_dirfd, struct layout_image *i, char why[LAYOUT_WHY_MAX])
{
	const struct image_descriptor *d = i->manifest.config;
	char reason[IMAGE_WHY_MAX];

	if (read_blob(layout_dirfd, &d->id, d->size, &i->config_json, why))
		return -1;
	if (is_artifact(d))
		return 0;
	if (image_config_parse(buf_str(&i->config_json), i->config_json.len, &i->config, reason))
		return layout_refuse(EINVAL, why, "config '%s': %s", d->id.text, reason);
	if (image_check(&i->manifest, &i->config, reason))
		return layout_refuse(EINVAL, why, "image '%s': %s", i->digest.text, reason);
	return 0;
}

static int load_manifest(int layout_dirfd, struct doc *doc, struct layout_image *i,
			 char why[LAYOUT_WHY_MAX])
{
	char reason[IMAGE_WHY_MAX];

	if (image_manifest_parse(buf_str(&doc->json), doc->json.len, doc->media_type, &i->manifest,
				 reason))
		return layout_refuse(EINVAL, why, "manifest '%s': %s", doc->id.text, reason);
	i->digest = doc->id;
	i->media_type = xstrdup(doc->media_type		? doc->media_type
				: i->manifest.mediaType ? i->manifest.mediaType
							: IMAGE_TYPE_MANIFEST);
	i->manifest_json = doc->json;
	doc->json = (struct buf){ 0 };
	return load_config(layout_dirfd, i, why);
}

/* Where the search for NAME starts: its entry, or a blob nobody lists if a digest was given. */
static int find_start(int layout_dirfd, const struct layout_name *name, const struct platform *want,
		      struct doc *doc, char why[LAYOUT_WHY_MAX])
{
	const struct image_descriptor *d;
	struct image_index index;

	if (layout_read_index(layout_dirfd, &index, why))
		return -1;
	d = layout_find(&index, name, want, why);
	if (d) {
		doc_set(doc, d);
	} else if (*name->digest.text && blob_size(layout_dirfd, &name->digest) >= 0) {
		doc->id = name->digest;
		doc->size = -1;
	}
	image_index_free(&index);
	return *doc->id.text ? 0 : -1;
}

int layout_load_any(int layout_dirfd, const struct layout_name *name, const struct platform *want,
		    struct layout_image *out, char why[LAYOUT_WHY_MAX])
{
	struct doc doc = { 0 };
	struct platform host;
	int rc;

	memset(out, 0, sizeof(*out));
	platform_host(&host);
	want = want ? want : &host;
	rc = find_start(layout_dirfd, name, want, &doc, why);
	if (!rc)
		rc = find_manifest(layout_dirfd, &doc, want, why);
	if (!rc)
		rc = load_manifest(layout_dirfd, &doc, out, why);
	doc_free(&doc);
	if (rc)
		layout_image_free(out);
	return rc;
}

static const char *artifact_type(const struct image_manifest *m)
{
	return m->artifactType ? m->artifactType : m->config->mediaType;
}

int layout_load(int layout_dirfd, const struct layout_name *name, const struct platform *want,
		struct layout_image *out, char why[LAYOUT_WHY_MAX])
{
	if (layout_load_any(layout_dirfd, name, want, out, why))
		return -1;
	if (!is_artifact(out->manifest.config))
		return 0;
	layout_refuse(EINVAL, why, "'%s' is no image, but an artifact of type '%.100s'",
		      out->digest.text, artifact_type(&out->manifest));
	layout_image_free(out);
	return -1;
}

void layout_image_free(struct layout_image *i)
{
	free(i->media_type);
	buf_free(&i->manifest_json);
	buf_free(&i->config_json);
	image_manifest_free(&i->manifest);
	image_config_free(&i->config);
	memset(i, 0, sizeof(*i));
}
