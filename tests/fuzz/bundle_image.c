/* bundle_image - an image's configuration merged into the defaults. */
#include "bundle/config.h"
#include "lib/emit.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *image = json_parse((const char *)data, len, JSON_LAST_WINS, why);
	_json_ struct json *config = config_default(), *again = NULL;
	const struct json *ic = json_get(image, "config");
	const struct request r = { .volumes_dir = "/volumes" };
	_strv_ struct strv volumes = { 0 };
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	/* These two end the program with a message. */
	if (!image || image->type != JSON_OBJECT ||
	    (ic && ic->type != JSON_OBJECT && ic->type != JSON_NULL))
		return 0;
	apply_image(config, &r, image);
	image_volumes(image, &volumes);
	apply_mounts(config, &r, &volumes);
	emit_json(&e, NULL, config);
	again = json_parse(buf_str(&b), b.len, 0, why);
	if (!again)
		abort();
	return 0;
}
