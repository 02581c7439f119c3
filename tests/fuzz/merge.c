/* merge - an update of linux.resources: [OLD, PATCH]. Doing it twice must be doing it once. */
#include "runc/merge.h"
#include "lib/emit.h"
#include "lib/resources.h"
#include "tests/fuzz/fuzz.h"

static void print(const struct json *j, struct buf *out)
{
	struct emit e = { .out = out };

	emit_json(&e, NULL, j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *pair = json_parse((const char *)data, len, 0, why);
	struct cgroup_resources r = { 0 };
	_buf_ struct buf once = { 0 }, twice = { 0 };

	if (!pair || json_count(pair) != 2 || pair->child->type != JSON_OBJECT ||
	    pair->child->next->type != JSON_OBJECT)
		return 0;

	bool valid = !decode(&resources_schema, pair->child->next, "", &r, why);

	decode_free(&resources_schema, &r);
	if (!valid)
		return 0;
	merge_complete(pair->child->next, pair->child);
	merge_into(pair->child, pair->child->next);
	print(pair->child, &once);
	merge_into(pair->child, pair->child->next);
	print(pair->child, &twice);
	if (strcmp(buf_str(&once), buf_str(&twice)))
		abort();
	return 0;
}
