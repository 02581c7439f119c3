/* cap.h - capabilities by name, as sets of bits, and put on the calling thread.
 *
 * A set is a uint64_t with bit N for capability N. Names are the spec's: "CAP_" and capitals.
 * The functions are called caps_ because libcap owns cap_.
 */
#ifndef LIB_CAP_H
#define LIB_CAP_H

#include "lib/base.h"

/* process.capabilities of config.json, resolved. */
struct caps {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

/* Room for the longest name: "CAP_CHECKPOINT_RESTORE" and some. */
enum { CAPS_NAME_MAX = 40 };

/* "CAP_KILL" is 5. -1 and ENOENT for what is no name. */
int caps_number(const char *name);
/* 5 is "CAP_KILL", written to BUF and returned. NULL when this build knows no name for it. */
const char *caps_name(int number, char buf[static CAPS_NAME_MAX]);

/* Every capability of the running kernel. */
uint64_t caps_of_kernel(void);
/* The calling thread's permitted set; nothing outside it can be applied. */
uint64_t caps_permitted(void);

/* Add a NULL-terminated list of names (NULL: empty) to SET; one the kernel does not have is left
 * out, and told to UNKNOWN unless that is NULL. Returns how many were left out. */
int caps_add_names(uint64_t *set, char *const *names, void (*unknown)(const char *name));

/* The steps around setuid(2), in this order. Each returns 0, or -1 and errno. */

/* Drop all but KEEP from the bounding set. EPERM: no CAP_SETPCAP. */
_check_ int caps_drop_bounding(uint64_t keep);
/* Let the permitted set survive a change from root to another user; execve(2) ends it. */
_check_ int caps_keep(void);
/* Set permitted, effective and inheritable without what the thread is not permitted, then ambient:
 * cleared, and raised again where permitted and inheritable agree. */
_check_ int caps_apply(const struct caps *c);

#endif
