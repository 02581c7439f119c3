/* dev.h - device nodes below an untrusted root. Failure: -1 and errno. */
#ifndef LIB_DEV_H
#define LIB_DEV_H

#include <sys/types.h>

#include "lib/base.h"

struct dev {
	const char *path; /* in the container: "/dev/null" */
	mode_t mode;	  /* S_IFCHR, S_IFBLK or S_IFIFO, and permissions */
	unsigned int major, minor;
	uid_t uid;
	gid_t gid;
};

/* What every container has: null, zero, full, random, urandom, tty. The path is NULL behind the
 * last. */
extern const struct dev dev_defaults[];

/* Make the node NAME below DIRFD (one component), with this mode, less the umask, and this owner. A
 * node that is already the same is left as it is; anything else of that name is EEXIST. */
_check_ int dev_make(int dirfd, const char *name, const struct dev *d);
/* Is FD this device (type and numbers)? */
bool dev_is(int fd, const struct dev *d);
/* Open /dev/null of the host, O_PATH, verified to be character device 1:3. Caller closes. */
_check_ int dev_open_null(void);

#endif
