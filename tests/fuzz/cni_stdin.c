/* cni_stdin - whatever a runner feeds a plugin, or a plugin answers: results are refused with a
 * reason or hold together, and come back the same through every version that can say them. */
#include <string.h>

#include "netns/cni.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct result *r)
{
	struct nl_addr a;

	for (size_t i = 0; i < r->nips; i++) {
		if (addr_parse(r->ips[i].address, &a))
			abort();
		if (r->ips[i].has_interface && (size_t)r->ips[i].interface >= r->ninterfaces)
			abort();
	}
}

static void round_trip(const struct result *r)
{
	static const char *const versions[] = { "0.2.0", "0.4.0", "1.1.0" };

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		_buf_ struct buf text = { 0 };
		struct emit e = { .out = &text };
		struct result again = { 0 };
		char why[WHY_MAX];
		_json_ struct json *j = NULL;

		result_emit(&e, NULL, versions[i], r);
		j = json_parse(buf_str(&text), text.len, 0, why);
		if (!j || result_parse(j, &again, why))
			abort();
		if (i && again.nips != r->nips)
			abort();
		result_free(&again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[WHY_MAX] = "";
	_json_ struct json *j = json_parse((const char *)data, len, JSON_LAST_WINS, why);
	struct result r = { 0 };
	const char *version;

	if (!j || j->type != JSON_OBJECT)
		return 0;
	cni_fold(j);
	version = cni_version_of(j);
	if (version && !cni_version_known(version))
		abort();
	if (result_parse(json_get(j, "prevResult") ? json_get(j, "prevResult") : j, &r, why)) {
		if (!*why)
			abort();
	} else {
		check(&r);
		round_trip(&r);
	}
	result_free(&r);
	return 0;
}
