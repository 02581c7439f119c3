/* update.h - update's options for mounts and devices. */
#ifndef RUNC_UPDATE_H
#define RUNC_UPDATE_H

#include "lib/str.h"
#include "runc/state.h"

struct update_live {
	struct strv mount_add, mount_rm, device_add, device_rm;
};

#define UPDATE_LIVE_OPTIONS(u) \
	{ 0, "mount-add", OPT_STRV, &(u).mount_add, "SOURCE:DEST[:OPTION,...]", "bind it, now" }, \
		{ 0, "mount-rm", OPT_STRV, &(u).mount_rm, "DEST", "unmount it, now" }, \
		{ 0, \
		  "device-add", \
		  OPT_STRV, \
		  &(u).device_add, \
		  "PATH[:DEST[:rwm]]", \
		  "a device of the host, now" }, \
	{ \
		0, "device-rm", OPT_STRV, &(u).device_rm, "DEST", "take it away, now" \
	}

bool update_live_wanted(const struct update_live *u);
/* Do it, and write it down. */
void update_live_apply(const struct container *c, struct spec *spec, const struct update_live *u);

#endif
