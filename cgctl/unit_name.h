/* unit_name.h - a container's cgroupsPath as systemd names it: SLICE:PREFIX:NAME.
 *
 * The unit is PREFIX-NAME.scope (NAME.scope without a prefix), or NAME itself when that is a slice.
 * An empty SLICE is system.slice, for users user.slice. The slice a-b.slice lies in a.slice;
 * "-.slice" is the root. The text comes from config.json and may be hostile.
 */
#ifndef CGCTL_UNIT_NAME_H
#define CGCTL_UNIT_NAME_H

#include "lib/base.h"
#include "lib/buf.h"

struct unit_name {
	char *unit, *slice;
	char *path; /* "/system.slice/lash-web.scope": below the manager's own group */
	bool is_slice;
};

#define _unit_name_ __attribute__((cleanup(unit_name_free)))

/* -1 and EINVAL with a reason in WHY. */
_check_ int unit_name_parse(struct unit_name *n, const char *text, bool user, struct buf *why);
void unit_name_free(struct unit_name *n);

#endif
