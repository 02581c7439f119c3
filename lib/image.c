#include <stdarg.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/image.h"
#include "lib/mem.h"
#include "lib/str.h"

static const struct field platform_fields[] = {
	STR(struct image_platform, architecture, 0),
	STR(struct image_platform, os, 0),
	STR(struct image_platform, variant, 0),
	END,
};
static const struct schema platform_schema = { sizeof(struct image_platform), platform_fields };

static const struct field descriptor_fields[] = {
	STR(struct image_descriptor, mediaType, 0),
	STR(struct image_descriptor, digest, REQUIRED),
	I64(struct image_descriptor, size, REQUIRED),
	STR(struct image_descriptor, artifactType, 0),
	OBJ(struct image_descriptor, platform, &platform_schema, 0),
	MAP(struct image_descriptor, annotations, 0),
	STRV(struct image_descriptor, urls, 0),
	END,
};
static const struct schema descriptor_schema = { sizeof(struct image_descriptor),
						 descriptor_fields };

static const struct field index_fields[] = {
	I64(struct image_index, schemaVersion, REQUIRED),
	STR(struct image_index, mediaType, 0),
	LIST(struct image_index, manifests, n_manifests, &descriptor_schema, 0),
	MAP(struct image_index, annotations, 0),
	END,
};
const struct schema image_index_schema = { sizeof(struct image_index), index_fields };

static const struct field manifest_fields[] = {
	I64(struct image_manifest, schemaVersion, REQUIRED),
	STR(struct image_manifest, mediaType, 0),
	STR(struct image_manifest, artifactType, 0),
	OBJ(struct image_manifest, config, &descriptor_schema, REQUIRED),
	LIST(struct image_manifest, layers, n_layers, &descriptor_schema, 0),
	OBJ(struct image_manifest, subject, &descriptor_schema, 0),
	MAP(struct image_manifest, annotations, 0),
	END,
};
const struct schema image_manifest_schema = { sizeof(struct image_manifest), manifest_fields };

static const struct field run_fields[] = {
	STR(struct image_run, User, 0),	       STRV(struct image_run, Env, 0),
	STRV(struct image_run, Entrypoint, 0), STRV(struct image_run, Cmd, 0),
	STR(struct image_run, WorkingDir, 0),  MAP(struct image_run, Labels, 0),
	STR(struct image_run, StopSignal, 0),  TREE(struct image_run, ExposedPorts, 0),
	TREE(struct image_run, Volumes, 0),    TREE(struct image_run, Healthcheck, 0),
	STRV(struct image_run, Shell, 0),      END,
};
const struct schema image_run_schema = { sizeof(struct image_run), run_fields };

static const struct field rootfs_fields[] = {
	STR(struct image_rootfs, type, 0),
	STRV(struct image_rootfs, diff_ids, 0),
	END,
};
static const struct schema rootfs_schema = { sizeof(struct image_rootfs), rootfs_fields };

static const struct field history_fields[] = {
	STR(struct image_history, created, 0),	 STR(struct image_history, created_by, 0),
	STR(struct image_history, author, 0),	 STR(struct image_history, comment, 0),
	BOOL(struct image_history, empty_layer), END,
};
static const struct schema history_schema = { sizeof(struct image_history), history_fields };

static const struct field config_fields[] = {
	STR(struct image_config, architecture, 0),
	STR(struct image_config, os, 0),
	STR(struct image_config, variant, 0),
	STR(struct image_config, created, 0),
	STR(struct image_config, author, 0),
	OBJ(struct image_config, config, &image_run_schema, 0),
	OBJ(struct image_config, rootfs, &rootfs_schema, REQUIRED),
	LIST(struct image_config, history, n_history, &history_schema, 0),
	END,
};
const struct schema image_config_schema = { sizeof(struct image_config), config_fields };

static const struct {
	const char *type;
	enum image_kind kind;
} media_types[] = {
	{ IMAGE_TYPE_INDEX, IMAGE_INDEX },
	{ IMAGE_TYPE_DOCKER_LIST, IMAGE_INDEX },
	{ IMAGE_TYPE_MANIFEST, IMAGE_MANIFEST },
	{ IMAGE_TYPE_DOCKER_MANIFEST, IMAGE_MANIFEST },
	{ IMAGE_TYPE_CONFIG, IMAGE_CONFIG },
	{ IMAGE_TYPE_DOCKER_CONFIG, IMAGE_CONFIG },
	{ IMAGE_TYPE_LAYER, IMAGE_LAYER },
	{ IMAGE_TYPE_LAYER_GZIP, IMAGE_LAYER },
	{ IMAGE_TYPE_LAYER_ZSTD, IMAGE_LAYER },
	{ IMAGE_TYPE_DOCKER_LAYER, IMAGE_LAYER },
	{ IMAGE_TYPE_DOCKER_LAYER_GZIP, IMAGE_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", IMAGE_LAYER },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar", IMAGE_LAYER },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", IMAGE_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar", IMAGE_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", IMAGE_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", IMAGE_LAYER },
};

enum image_kind image_kind(const char *media_type)
{
	for (size_t i = 0; media_type && i < ARRAY_LEN(media_types); i++) {
		if (str_eq(media_types[i].type, media_type))
			return media_types[i].kind;
	}
	return IMAGE_OTHER;
}

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

enum { RANK_UNSTATED = 1 << 20 };

int image_rank(const struct image_descriptor *d, const struct platform *want)
{
	enum image_kind kind = image_kind(d->mediaType);
	struct platform have;

	if ((d->mediaType && kind != IMAGE_MANIFEST && kind != IMAGE_INDEX) || !*d->id.text)
		return -1;
	if (decode_map_get(&d->annotations, "vnd.docker.reference.type"))
		return -1;
	if (!d->platform || !d->platform->os || !d->platform->architecture)
		return RANK_UNSTATED;
	platform_set(&have, d->platform->os, d->platform->architecture, d->platform->variant);
	return platform_rank(want, &have);
}

const struct image_descriptor *image_choose(const struct image_descriptor *v, size_t n,
					    const struct platform *want)
{
	const struct image_descriptor *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < n; i++) {
		int r = image_rank(&v[i], want);

		if (r < 0 || (best && r >= best_rank))
			continue;
		best = &v[i];
		best_rank = r;
	}
	return best;
}

char *image_platforms(const struct image_descriptor *v, size_t n)
{
	_buf_ struct buf b = { 0 };
	char text[PLATFORM_TEXT_MAX + 1];

	for (size_t i = 0; i < n && b.len < IMAGE_WHY_MAX; i++) {
		struct platform p;

		if (!v[i].platform || !v[i].platform->os || str_eq(v[i].platform->os, "unknown"))
			continue;
		platform_set(&p, v[i].platform->os, v[i].platform->architecture,
			     v[i].platform->variant);
		buf_addf(&b, "%s%s", b.len ? ", " : "", platform_text(&p, text));
	}
	return b.len ? buf_steal(&b) : xstrdup("none");
}

void image_index_free(struct image_index *x)
{
	decode_free(&image_index_schema, x);
}

void image_manifest_free(struct image_manifest *m)
{
	decode_free(&image_manifest_schema, m);
}

void image_config_free(struct image_config *c)
{
	decode_free(&image_config_schema, c);
}
