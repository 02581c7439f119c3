#include "cgctl/unit_props.h"
#include "lib/cgroup_device.h"
#include "lib/mem.h"

/* systemd's way to name devices: a node, or every device of a major number. What it has no name
 * for (a minor of any major) is left to whoever writes the group's own rules. */
static char *name_of(const struct device_exception *e)
{
	const char *kind = e->type == 'b' ? "block" : "char";

	if (e->major >= 0 && e->minor >= 0)
		return xasprintf("/dev/%s/%lld:%lld", kind, (long long)e->major,
				 (long long)e->minor);
	if (e->major >= 0)
		return xasprintf("%s-%lld", kind, (long long)e->major);
	return e->minor < 0 ? xasprintf("%s-*", kind) : NULL;
}

static void add(struct unit_prop *prop, const struct device_exception *e)
{
	char *name = name_of(e);

	if (!name)
		return;
	strv_take(&prop->v, name);
	strv_take(&prop->v, xasprintf("%s%s%s", e->access & DEVICE_READ ? "r" : "",
				      e->access & DEVICE_WRITE ? "w" : "",
				      e->access & DEVICE_MKNOD ? "m" : ""));
}

static int reduce(struct device_set *s, const struct cgroup_device_rule *rule, size_t n,
		  size_t first, struct buf *why)
{
	for (size_t i = 0; i < n; i++) {
		if (device_set_rule(s, &rule[i]) == 0)
			continue;
		buf_addf(why, "device rule %zu is malformed, or a hole in a wider one", first + i);
		return set_errno(EINVAL);
	}
	return 0;
}

int unit_props_devices(struct unit_props *p, const struct cgroup_resources *r, struct buf *why)
{
	_device_set_ struct device_set set = { .allow_all = true };
	struct unit_prop *prop;

	if (!r->n_devices)
		return 0;
	if (reduce(&set, r->devices, r->n_devices, 0, why) < 0 ||
	    reduce(&set, device_defaults, device_defaults_n, r->n_devices, why) < 0)
		return -1;
	/* "All but these" cannot be said: the group's own rules then say it. */
	unit_props_addf(p, "DevicePolicy", "s", "%s", set.allow_all ? "auto" : "strict");
	prop = unit_props_add(p, "DeviceAllow", "a(ss)");
	for (size_t i = 0; i < set.n && !set.allow_all; i++)
		add(prop, &set.v[i]);
	return 0;
}
