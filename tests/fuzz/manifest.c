/* manifest - a manifest or config that is accepted keeps every promise of image.h. */
#include <string.h>

#include "lib/image.h"
#include "tests/fuzz/fuzz.h"

static void check(bool held)
{
	if (!held)
		abort();
}

static void check_manifest(const char *data, size_t len)
{
	char why[IMAGE_WHY_MAX];
	struct image_manifest m;

	if (image_manifest_parse(data, len, NULL, &m, why)) {
		check(strlen(why) < sizeof(why));
		return;
	}
	check(image_sniff(data, len) != IMAGE_INDEX);
	check(m.config->size >= 0 && digest_is_valid(m.config->id.text));
	check(m.n_layers <= IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < m.n_layers; i++)
		check(m.layers[i].size >= 0 && digest_is_valid(m.layers[i].id.text));
	image_manifest_free(&m);
}

static void check_config(const char *data, size_t len)
{
	char why[IMAGE_WHY_MAX];
	struct image_config c;

	if (image_config_parse(data, len, &c, why))
		return;
	check(c.rootfs->n_diff_ids <= IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < c.rootfs->n_diff_ids; i++)
		check(digest_is_valid(c.rootfs->diff_ids[i]));
	image_config_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_manifest((const char *)data, len);
	check_config((const char *)data, len);
	return 0;
}
