/* archive - what a docker archive's manifest.json makes of an archive's members is a manifest that
 * can be read, of those members alone. */
#include <string.h>

#include "imgunpack/archive_docker.h"
#include "lib/image.h"
#include "tests/fuzz/fuzz.h"

static char config[] = "config.json", layer[] = "a/layer.tar", linked[] = "b/layer.tar",
	    loop[] = "c/layer.tar";

/* By name, as archive_add leaves them. */
static struct archive_member members[] = {
	{ .name = layer, .size = 10, .head = { 0x1f, 0x8b } },
	{ .name = linked, .link = layer },
	{ .name = loop, .link = loop },
	{ .name = config, .size = 3 },
};

static const char digest[] =
	"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

static void check(const struct buf *text)
{
	char why[IMAGE_WHY_MAX];
	struct image_manifest m;

	if (image_manifest_parse(buf_str(text), text->len, IMAGE_TYPE_MANIFEST, &m, why))
		abort();
	for (size_t i = 0; i < m.n_layers; i++)
		if (strcmp(m.layers[i].digest, digest))
			abort();
	image_manifest_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct archive a = { .path = "x", .members = members, .n = ARRAY_LEN(members) };
	char why[JSON_WHY_MAX], reason[ARCHIVE_WHY_MAX];
	_json_ struct json *list = json_parse((const char *)data, len, 0, why);

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		memcpy(members[i].digest.text, digest, sizeof(digest));
	for (const struct json *j = list ? list->child : NULL; j; j = j->next) {
		_buf_ struct buf text = { 0 };

		if (!archive_docker_manifest(&a, j, &text, reason))
			check(&text);
	}
	return 0;
}
