/* caps.c - capabilities as users spell them, and the set an engine starts from. */
#include <ctype.h>
#include <linux/capability.h>
#include <strings.h>

#include "bundle/config.h"
#include "lib/cap.h"

static const unsigned char defaults[] = {
	CAP_CHOWN,   CAP_DAC_OVERRIDE, CAP_FSETID,	     CAP_FOWNER,
	CAP_MKNOD,   CAP_NET_RAW,      CAP_SETGID,	     CAP_SETUID,
	CAP_SETFCAP, CAP_SETPCAP,      CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT,
	CAP_KILL,    CAP_AUDIT_WRITE,
};

uint64_t docker_caps_default(void)
{
	uint64_t set = 0;

	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		set |= UINT64_C(1) << defaults[i];
	return set;
}

int docker_cap_number(const char *name)
{
	char full[CAPS_NAME_MAX];

	if (!strncasecmp(name, "CAP_", 4))
		name += 4;
	snprintf(full, sizeof(full), "CAP_%s", name);
	for (char *c = full; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return caps_number(full);
}
