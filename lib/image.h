/* image.h - the JSON of images: index, manifest and config, as the OCI and Docker (schema 2) have
 * it.
 *
 * The documents are hostile: they are decoded strictly (no duplicate members, also none that differ
 * in case only; bounded counts; nothing behind the end), sizes are not negative and digests are
 * well formed, so that callers can use what they get. Unknown media types are no error here: they
 * are carried, and refused by whoever would use them. Failure: -1, EINVAL and a reason in WHY that
 * does not name the document ("layers[2].digest: malformed").
 */
#ifndef LIB_IMAGE_H
#define LIB_IMAGE_H

#include "lib/base.h"
#include "lib/decode.h"
#include "lib/digest.h"
#include "lib/platform.h"

enum {
	IMAGE_JSON_MAX = 4 << 20, /* bytes of an index, manifest or config */
	IMAGE_ENTRIES_MAX = 4096, /* of an index, of a history */
	IMAGE_LAYERS_MAX = 500,	  /* what overlayfs stacks */
	IMAGE_NESTING_MAX = 4,	  /* indexes in indexes */
	IMAGE_WHY_MAX = DECODE_WHY_MAX,
};

#define IMAGE_TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define IMAGE_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define IMAGE_TYPE_CONFIG "application/vnd.oci.image.config.v1+json"
#define IMAGE_TYPE_LAYER "application/vnd.oci.image.layer.v1.tar"
#define IMAGE_TYPE_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define IMAGE_TYPE_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define IMAGE_TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define IMAGE_TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define IMAGE_TYPE_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define IMAGE_TYPE_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
#define IMAGE_TYPE_DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"

#define IMAGE_REF_NAME "org.opencontainers.image.ref.name"

enum image_kind {
	IMAGE_OTHER, /* carried, not understood */
	IMAGE_INDEX,
	IMAGE_MANIFEST,
	IMAGE_CONFIG,
	IMAGE_LAYER, /* a tar, as it is or compressed: sniff, the type may lie */
};

/* What a media type says; NULL is IMAGE_OTHER. */
enum image_kind image_kind(const char *media_type);

struct image_platform {
	char *architecture, *os, *variant;
};

struct image_descriptor {
	char *mediaType;  /* NULL only in documents of old tools */
	char *digest;	  /* as written */
	struct digest id; /* "" when the algorithm is not ours: content cannot be verified, so is
			     not used */
	int64_t size;
	char *artifactType;
	struct image_platform *platform; /* NULL when not stated */
	struct decode_map annotations;
	char **urls; /* of foreign layers */
};

struct image_index {
	int64_t schemaVersion;
	char *mediaType;
	struct image_descriptor *manifests;
	size_t n_manifests;
	struct decode_map annotations;
};

struct image_manifest {
	int64_t schemaVersion;
	char *mediaType;
	char *artifactType;
	struct image_descriptor *config;
	struct image_descriptor *layers; /* the base first */
	size_t n_layers;
	struct image_descriptor *subject;
	struct decode_map annotations;
};

/* How to run it: the member "config". */
struct image_run {
	char *User;
	char **Env, **Entrypoint, **Cmd;
	char *WorkingDir;
	struct decode_map Labels;
	char *StopSignal;
	struct json *ExposedPorts, *Volumes, *Healthcheck; /* trees; NULL when absent */
	char **Shell;
};

struct image_rootfs {
	char *type;
	char **diff_ids;
	size_t n_diff_ids;
};

struct image_history {
	char *created, *created_by, *author, *comment;
	bool empty_layer;
};

struct image_config {
	char *architecture, *os, *variant;
	char *created, *author;
	struct image_run *config; /* NULL when absent */
	struct image_rootfs *rootfs;
	struct image_history *history;
	size_t n_history;
};

extern const struct schema image_index_schema, image_manifest_schema, image_config_schema,
	image_run_schema;

/* Decode a document of at most IMAGE_JSON_MAX bytes. MEDIA_TYPE is what the descriptor or the
 * registry called it: a document that says otherwise is refused, as is one that could be read as
 * the other kind. NULL: not known. *OUT is zeroed first and to be freed with decode_free and the
 * schema, or image_*_free, on success only. */
_check_ int image_index_parse(const char *data, size_t len, const char *media_type,
			      struct image_index *out, char why[IMAGE_WHY_MAX]);
_check_ int image_manifest_parse(const char *data, size_t len, const char *media_type,
				 struct image_manifest *out, char why[IMAGE_WHY_MAX]);
_check_ int image_config_parse(const char *data, size_t len, struct image_config *out,
			       char why[IMAGE_WHY_MAX]);

/* IMAGE_INDEX, IMAGE_MANIFEST or IMAGE_OTHER, by the document's own mediaType or else its shape. */
enum image_kind image_sniff(const char *data, size_t len);

/* Is this an image that can be unpacked: as many layers as DiffIDs, all of known kind and digest?
 */
_check_ int image_check(const struct image_manifest *m, const struct image_config *c,
			char why[IMAGE_WHY_MAX]);

/* How well an index entry suits WANT: 0 is exact, more is worse (most: it does not state a
 * platform), -1 not at all, as for attestations and unknown types. */
int image_rank(const struct image_descriptor *d, const struct platform *want);
/* The entry that suits WANT best, the first of equals. NULL when none does. */
const struct image_descriptor *image_choose(const struct image_descriptor *v, size_t n,
					    const struct platform *want);
/* The platforms V offers, "linux/amd64, linux/arm64", for messages. Caller frees. */
char *image_platforms(const struct image_descriptor *v, size_t n);

void image_index_free(struct image_index *x);
void image_manifest_free(struct image_manifest *m);
void image_config_free(struct image_config *c);

#endif
