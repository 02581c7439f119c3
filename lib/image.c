#include <stdarg.h>
#include <string.h>

#include "lib/image.h"
#include "lib/str.h"

static int refuse(char why[IMAGE_WHY_MAX], const char *fmt, ...) _printf_(2, 3);

static int refuse(char why[IMAGE_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, IMAGE_WHY_MAX, fmt, ap);
	va_end(ap);
	return set_errno(EINVAL);
}

static int check_case(const struct json *obj, const struct schema *s, char why[IMAGE_WHY_MAX]);

static int check_case_below(const struct json *j, const struct field *f, char why[IMAGE_WHY_MAX])
{
	if (f->kind == D_OBJ)
		return check_case(j, f->schema, why);
	for (const struct json *e = j && f->kind == D_LIST ? j->child : NULL; e; e = e->next) {
		if (check_case(e, f->schema, why))
			return -1;
	}
	return 0;
}

/* Go's decoder takes "Layers" for "layers", ours does not: a document with both would be two
 * images. */
static int check_case(const struct json *obj, const struct schema *s, char why[IMAGE_WHY_MAX])
{
	if (!obj || obj->type != JSON_OBJECT)
		return 0;
	for (const struct field *f = s->fields; f->kind != D_END; f++) {
		for (const struct json *m = obj->child; m; m = m->next) {
			if (!strcasecmp(m->key, f->name) && !str_eq(m->key, f->name))
				return refuse(why, "member '%.64s' differs from '%s' in case only",
					      m->key, f->name);
		}
		if (check_case_below(json_get(obj, f->name), f, why))
			return -1;
	}
	return 0;
}

static struct json *parse(const char *data, size_t len, const struct schema *s,
			  char why[IMAGE_WHY_MAX])
{
	_json_ struct json *doc = NULL;

	if (len > IMAGE_JSON_MAX) {
		refuse(why, "larger than %d bytes", IMAGE_JSON_MAX);
		return NULL;
	}
	doc = json_parse(data, len, 0, why);
	if (!doc)
		return NULL;
	if (doc->type != JSON_OBJECT) {
		refuse(why, "object wanted, %s found", json_type_name(doc->type));
		return NULL;
	}
	return check_case(doc, s, why) ? NULL : steal_ptr(&doc);
}

/* What is wrong with a descriptor, or NULL; fills in its id. */
static const char *descriptor_fault(struct image_descriptor *d, bool must_be_ours)
{
	if (d->size < 0)
		return "size: negative";
	if (!digest_parse(d->digest, &d->id))
		return NULL;
	if (errno == EINVAL)
		return "digest: malformed";
	return must_be_ours ? "digest: unsupported algorithm" : NULL;
}

static int check_descriptor(struct image_descriptor *d, bool must_be_ours, const char *where,
			    char why[IMAGE_WHY_MAX])
{
	const char *fault = descriptor_fault(d, must_be_ours);

	return fault ? refuse(why, "%s.%s", where, fault) : 0;
}

static int check_descriptors(struct image_descriptor *v, size_t n, bool must_be_ours,
			     const char *where, char why[IMAGE_WHY_MAX])
{
	for (size_t i = 0; i < n; i++) {
		const char *fault = descriptor_fault(&v[i], must_be_ours);

		if (fault)
			return refuse(why, "%s[%zu].%s", where, i, fault);
	}
	return 0;
}

static bool has_elements(const struct json *doc, const char *key)
{
	const struct json *m = json_get(doc, key);

	return m && m->type != JSON_NULL && (m->type != JSON_ARRAY || m->child);
}

/* CVE-2021-41190: the same bytes must not be an index to one reader and a manifest to another. */
static int check_type(const struct json *doc, const char *media_type, enum image_kind kind,
		      char why[IMAGE_WHY_MAX])
{
	const char *own = json_get_str(doc, "mediaType");

	if (own && media_type && !str_eq(own, media_type))
		return refuse(why, "mediaType: '%.100s' does not match '%.100s'", own, media_type);
	if (own && image_kind(own) != kind)
		return refuse(why, "mediaType: unexpected '%.100s'", own);
	if (media_type && image_kind(media_type) != kind)
		return refuse(why, "unexpected media type '%.100s'", media_type);
	if (has_elements(doc, "fsLayers"))
		return refuse(why, "Docker's schema 1 is not supported");
	if (kind == IMAGE_INDEX && (has_elements(doc, "config") || has_elements(doc, "layers")))
		return refuse(why, "an index that is a manifest, too");
	if (kind == IMAGE_MANIFEST && has_elements(doc, "manifests"))
		return refuse(why, "a manifest that is an index, too");
	return 0;
}

static int check_version(int64_t version, char why[IMAGE_WHY_MAX])
{
	return version == 2
		       ? 0
		       : refuse(why, "schemaVersion: %lld is not supported", (long long)version);
}

static int fill_index(const struct json *doc, const char *media_type, struct image_index *out,
		      char why[IMAGE_WHY_MAX])
{
	if (check_type(doc, media_type, IMAGE_INDEX, why) ||
	    decode(&image_index_schema, doc, "", out, why) ||
	    check_version(out->schemaVersion, why))
		return -1;
	if (out->n_manifests > IMAGE_ENTRIES_MAX)
		return refuse(why, "manifests: more than %d", IMAGE_ENTRIES_MAX);
	return check_descriptors(out->manifests, out->n_manifests, false, "manifests", why);
}

int image_index_parse(const char *data, size_t len, const char *media_type, struct image_index *out,
		      char why[IMAGE_WHY_MAX])
{
	_json_ struct json *doc = parse(data, len, &image_index_schema, why);

	memset(out, 0, sizeof(*out));
	if (!doc)
		return set_errno(EINVAL);
	if (fill_index(doc, media_type, out, why)) {
		image_index_free(out);
		return set_errno(EINVAL);
	}
	return 0;
}

static int fill_manifest(const struct json *doc, const char *media_type, struct image_manifest *out,
			 char why[IMAGE_WHY_MAX])
{
	if (check_type(doc, media_type, IMAGE_MANIFEST, why) ||
	    decode(&image_manifest_schema, doc, "", out, why) ||
	    check_version(out->schemaVersion, why))
		return -1;
	if (out->n_layers > IMAGE_LAYERS_MAX)
		return refuse(why, "layers: more than %d", IMAGE_LAYERS_MAX);
	if (check_descriptor(out->config, true, "config", why))
		return -1;
	if (out->subject && check_descriptor(out->subject, false, "subject", why))
		return -1;
	return check_descriptors(out->layers, out->n_layers, true, "layers", why);
}

int image_manifest_parse(const char *data, size_t len, const char *media_type,
			 struct image_manifest *out, char why[IMAGE_WHY_MAX])
{
	_json_ struct json *doc = parse(data, len, &image_manifest_schema, why);

	memset(out, 0, sizeof(*out));
	if (!doc)
		return set_errno(EINVAL);
	if (fill_manifest(doc, media_type, out, why)) {
		image_manifest_free(out);
		return set_errno(EINVAL);
	}
	return 0;
}

static int check_rootfs(struct image_rootfs *r, char why[IMAGE_WHY_MAX])
{
	if (r->type && !str_eq(r->type, "layers"))
		return refuse(why, "rootfs.type: '%.64s' is not supported", r->type);
	r->n_diff_ids = r->diff_ids ? strv_len(r->diff_ids) : 0;
	if (r->n_diff_ids > IMAGE_LAYERS_MAX)
		return refuse(why, "rootfs.diff_ids: more than %d", IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < r->n_diff_ids; i++) {
		if (!digest_is_valid(r->diff_ids[i]))
			return refuse(why, "rootfs.diff_ids[%zu]: malformed or unsupported digest",
				      i);
	}
	return 0;
}

static int fill_config(const struct json *doc, struct image_config *out, char why[IMAGE_WHY_MAX])
{
	if (decode(&image_config_schema, doc, "", out, why) || check_rootfs(out->rootfs, why))
		return -1;
	if (out->n_history > IMAGE_ENTRIES_MAX)
		return refuse(why, "history: more than %d", IMAGE_ENTRIES_MAX);
	return 0;
}

int image_config_parse(const char *data, size_t len, struct image_config *out,
		       char why[IMAGE_WHY_MAX])
{
	_json_ struct json *doc = parse(data, len, &image_config_schema, why);

	memset(out, 0, sizeof(*out));
	if (!doc)
		return set_errno(EINVAL);
	if (fill_config(doc, out, why)) {
		image_config_free(out);
		return set_errno(EINVAL);
	}
	return 0;
}

enum image_kind image_sniff(const char *data, size_t len)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *doc = len <= IMAGE_JSON_MAX ? json_parse(data, len, 0, why) : NULL;
	const char *own = json_get_str(doc, "mediaType");
	enum image_kind kind = image_kind(own);

	if (own)
		return kind == IMAGE_INDEX || kind == IMAGE_MANIFEST ? kind : IMAGE_OTHER;
	if (json_get(doc, "manifests"))
		return IMAGE_INDEX;
	return json_get(doc, "config") && json_get(doc, "layers") ? IMAGE_MANIFEST : IMAGE_OTHER;
}

int image_check(const struct image_manifest *m, const struct image_config *c,
		char why[IMAGE_WHY_MAX])
{
	if (m->n_layers != c->rootfs->n_diff_ids)
		return refuse(why, "%zu layers, but %zu diff_ids", m->n_layers,
			      c->rootfs->n_diff_ids);
	for (size_t i = 0; i < m->n_layers; i++) {
		const char *type = m->layers[i].mediaType;

		if (image_kind(type) != IMAGE_LAYER)
			return refuse(why, "layers[%zu].mediaType: '%.100s' is no layer", i,
				      type ? type : "");
	}
	return 0;
}
