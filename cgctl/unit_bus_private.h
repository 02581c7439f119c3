/* unit_bus_private.h - properties into a D-Bus message; only unit_bus*.c include it. */
#ifndef CGCTL_UNIT_BUS_PRIVATE_H
#define CGCTL_UNIT_BUS_PRIVATE_H

#include <systemd/sd-bus.h>

#include "cgctl/unit_bus.h"

/* Append PROPS as a(sv). Like sd-bus's own functions: 0 or more, or a negative errno. */
int unit_bus_append(sd_bus_message *m, const struct unit_props *props);

#endif
