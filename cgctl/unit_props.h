/* unit_props.h - properties of a unit, as text: what linux.resources and annotations ask of
 * systemd.
 *
 * A property has a D-Bus signature and the values for it, each as text: "t" one number, "ay" and
 * "as" any number of them, "a(ss)" and "a(st)" two an element. Nothing here talks to systemd.
 * systemd need not know all of a container's limits: it is told Delegate=yes, and whoever asks for
 * the unit writes the rest to the group's files.
 */
#ifndef CGCTL_UNIT_PROPS_H
#define CGCTL_UNIT_PROPS_H

#include "lib/cgroup_res.h"
#include "lib/str.h"

struct unit_prop {
	char *name, *sig;
	struct strv v;
	bool ours; /* from resources: may be left out where systemd does not know it */
};

struct unit_props {
	struct unit_prop *v;
	size_t n, cap;
};

#define _unit_props_ __attribute__((cleanup(unit_props_free)))

/* An empty property to be filled; valid until the next is added. */
struct unit_prop *unit_props_add(struct unit_props *p, const char *name, const char *sig);
/* One with a single value, like printf's. */
void unit_props_addf(struct unit_props *p, const char *name, const char *sig, const char *fmt, ...)
	_printf_(4, 5);
void unit_props_drop(struct unit_props *p, size_t i);
void unit_props_free(struct unit_props *p);

/* What R asks for, device rules (with every container's defaults) too unless UPDATE. V2: the
 * properties of the unified hierarchy, else v1's. -1 and EINVAL with a reason. */
int unit_props_resources(struct unit_props *p, const struct cgroup_resources *r, bool v2,
			 bool update, struct buf *why);
/* unit_devices.c: DevicePolicy and DeviceAllow; part of the above. */
int unit_props_devices(struct unit_props *p, const struct cgroup_resources *r, struct buf *why);
/* unit_variant.c: NAME=VALUE from an org.systemd.property.NAME annotation; VALUE is GVariant text:
 * true, 'text', 42, uint64 42, @as [], ['a', 'b']. NAMESec, a number of seconds, becomes NAMEUSec.
 */
int unit_props_variant(struct unit_props *p, const char *name, const char *value, struct buf *why);

#endif
