/* index - an index that is accepted is no manifest, and what is chosen of it suits. */
#include "lib/image.h"
#include "tests/fuzz/fuzz.h"

static void choose(const struct image_index *x, const char *platform)
{
	const struct image_descriptor *d;
	struct platform want;
	_free_ char *offered = image_platforms(x->manifests, x->n_manifests);

	if (platform_parse(platform, &want))
		abort();
	d = image_choose(x->manifests, x->n_manifests, &want);
	if (d && (!digest_is_valid(d->id.text) || image_rank(d, &want) < 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[IMAGE_WHY_MAX];
	struct image_manifest m;
	struct image_index x;

	if (image_index_parse((const char *)data, len, NULL, &x, why))
		return 0;
	if (!image_manifest_parse((const char *)data, len, NULL, &m, why))
		abort();
	choose(&x, "linux/amd64/v3");
	choose(&x, "linux/arm64/v9.1");
	choose(&x, "linux/arm/v6");
	image_index_free(&x);
	return 0;
}
