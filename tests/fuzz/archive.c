/* archive - what a docker archive's manifest.json makes of an archive's members is a manifest that
 * can be read, of those members alone. The configuration is the element's "config". */
#include <string.h>

#include "imgunpack/archive_docker.h"
#include "lib/image.h"
#include "tests/fuzz/fuzz.h"

static char config[] = "config.json", layer[] = "a/layer.tar", linked[] = "b/layer.tar",
	    loop[] = "c/layer.tar", in_place[] = "d/layer.tar";

/* By name, as archive_add leaves them. */
static struct archive_member members[] = {
	{ .name = layer, .size = 10, .head = { 0x1f, 0x8b } },
	{ .name = linked, .link = layer },
	{ .name = loop, .link = loop },
	{ .name = config, .size = 3 },
	{ .name = in_place, .size = 5 << 20, .is_in_place = true, .wants_diff_id = true },
};

static const char digest[] =
	"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

static void check(const struct archive *a, const struct buf *text)
{
	char why[IMAGE_WHY_MAX];
	struct image_manifest m;

	if (image_manifest_parse(buf_str(text), text->len, IMAGE_TYPE_MANIFEST, &m, why))
		abort();
	for (size_t i = 0; i < m.n_layers; i++)
		if (strcmp(m.layers[i].digest, digest) && !archive_part(a->parts, &m.layers[i].id))
			abort();
	image_manifest_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct archive_parts parts = { 0 };
	struct archive a = {
		.path = "x", .members = members, .n = ARRAY_LEN(members), .parts = &parts
	};
	char why[JSON_WHY_MAX], reason[ARCHIVE_WHY_MAX];
	_json_ struct json *list = json_parse((const char *)data, len, 0, why);

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		memcpy(members[i].digest.text, members[i].is_in_place ? "" : digest,
		       members[i].is_in_place ? 1 : sizeof(digest));
	for (const struct json *j = list ? list->child : NULL; j; j = j->next) {
		_buf_ struct buf text = { 0 };

		if (!archive_docker_manifest(&a, j, json_get(j, "config"), &text, reason))
			check(&a, &text);
	}
	archive_parts_free(&parts);
	return 0;
}
