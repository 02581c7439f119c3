/* scope.h - the systemd unit of a container, which the program cgroup-systemd makes and stops.
 *
 * Its contract is cgroup-systemd(8). It is found beside runc, or named by $LASH_CGROUP_SYSTEMD.
 */
#ifndef RUNC_SCOPE_H
#define RUNC_SCOPE_H

#include "lib/json.h"
#include "runc/launch.h"
#include "runc/state.h"

/* How runc was called, for main: where it is, /proc/self/exe does not say in the copy that runs. */
void scope_called(const char *argv0);
/* The unit of the container being made: SLICE:PREFIX:NAME, malloc'd. */
char *scope_name(const struct launch *l);
/* Start c->unit with the limits of config.json. Returns its group, without leading slash, malloc'd.
 * The program is the unit's first process until scope_release. */
char *scope_start(struct launch *l);
/* The container's own process is in the group. */
void scope_release(struct launch *l);
/* Change limits (linux.resources); -1 with a reason in WHY. */
_check_ int scope_update(const struct container *c, const struct json *resources, struct buf *why);
/* Kill what is in the unit, stop it; -1 with a reason in WHY. */
_check_ int scope_stop(const struct container *c, struct buf *why);

#endif
