/* resources - linux.resources into a plan for a v1 and for a v2 host and into a device set; no step
 * may carry a second line. */
#include "lib/resources.h"
#include "lib/cgroup_device.h"
#include "lib/mem.h"
#include "tests/fuzz/fuzz.h"

static void plan_on(bool v2, const struct cgroup_resources *r)
{
	struct cgroup_layout l = { .n = 1, .unified = v2 ? 0 : -1 };
	struct cgroup g = { .layout = &l, .path = xstrdup("g") };
	_cgroup_plan_ struct cgroup_plan plan = { 0 };
	_buf_ struct buf why = { 0 };

	l.at[0] = (struct cgroup_hierarchy){ .dirfd = -1, .unified = v2, .controllers = ~0u };
	for (int i = 0; i < CGROUP_HIERARCHIES; i++)
		g.dirfd[i] = -1;
	cgroup_plan_resources(&plan, &g, r, &why);
	for (size_t i = 0; i < r->unified.n && i < plan.n; i++) {
		if (strchr(plan.step[plan.n - 1 - i].value, '\n') && v2)
			abort();
	}
	free(g.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char bad[JSON_WHY_MAX], member[DECODE_WHY_MAX];
	_json_ struct json *tree = json_parse((const char *)data, len, 0, bad);
	_device_set_ struct device_set set = { 0 };
	struct cgroup_resources r = { 0 };

	if (!tree)
		return 0;
	if (decode(&resources_schema, tree, "", &r, member) == 0) {
		plan_on(false, &r);
		plan_on(true, &r);
		for (size_t i = 0; i < r.n_devices; i++)
			device_set_rule(&set, &r.devices[i]);
	}
	decode_free(&resources_schema, &r);
	return 0;
}
