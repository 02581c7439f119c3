/* unit_bus.h - asking systemd to make, change and stop units. The only user of sd-bus.
 *
 * The system's manager is asked by its private socket where root finds one, else over the system
 * bus; a user's over the user bus ($DBUS_SESSION_BUS_ADDRESS, $XDG_RUNTIME_DIR/bus). Jobs are
 * waited for. Failure: -1, errno and, for a person, a phrase in WHY that is complete in itself.
 */
#ifndef CGCTL_UNIT_BUS_H
#define CGCTL_UNIT_BUS_H

#include "cgctl/unit_props.h"

struct unit_bus;

/* Connect to the manager; the caller closes. NULL on failure. */
struct unit_bus *unit_bus_open(bool user, int timeout_s, struct buf *why);
void unit_bus_close(struct unit_bus **b);
#define _unit_bus_ __attribute__((cleanup(unit_bus_close)))

/* Start UNIT with these properties and wait until it is there; a failed one of that name is
 * forgotten first. EEXIST: there is one already. Properties of ours that this systemd does not
 * know are dropped from PROPS. */
int unit_bus_start(struct unit_bus *b, const char *unit, struct unit_props *props, struct buf *why);
/* Change properties of a running unit, until it ends. ENOENT: there is none. */
int unit_bus_set(struct unit_bus *b, const char *unit, struct unit_props *props, struct buf *why);
/* The unit's group, malloc'd, from the root of the hierarchy: "/system.slice/lash-web.scope". */
char *unit_bus_group(struct unit_bus *b, const char *unit, struct buf *why);
/* SIGKILL every process of the unit. No such unit is success. */
int unit_bus_kill(struct unit_bus *b, const char *unit, struct buf *why);
/* Stop it and forget that it failed. No such unit is success. */
int unit_bus_stop(struct unit_bus *b, const char *unit, struct buf *why);

#endif
