#include "lib/image.h"
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
