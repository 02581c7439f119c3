/* fd.h - descriptors: flags, hand-over, what they point to.
 *
 * Everything of ours is O_CLOEXEC; a descriptor meant for a child is cleared in the child, just
 * before exec. Failure: -1 and errno.
 */
#ifndef LIB_FD_H
#define LIB_FD_H

#include "lib/base.h"

/* Set or clear close-on-exec. EBADF when FD is not open. */
_check_ int fd_set_cloexec(int fd, bool on);
bool fd_is_open(int fd);
/* Allow this process as many descriptors as it may allow itself: for walks of deep trees, which
 * hold some a level. */
void fd_raise_limit(void);
/* Mark every descriptor from FIRST up close-on-exec. */
_check_ int fd_cloexec_from(unsigned int first);
/* Close every descriptor from FIRST up. */
_check_ int fd_close_from(unsigned int first);
/* Make FD appear as TARGET (dup2), not close-on-exec, also when they are the same. FD itself stays
 * open. */
_check_ int fd_install(int fd, int target);
/* The path the kernel shows for FD, malloc'd; may end in " (deleted)". NULL and errno on failure.
 */
char *fd_path(int fd);
/* "/proc/self/fd/N" into BUF; the bridge to calls that take only paths. Returns BUF. */
#define FD_LINK_MAX 32
char *fd_link(int fd, char buf[FD_LINK_MAX]);
/* Open /dev/null on every one of 0, 1, 2 that is closed, so that later opens never land there. Call
 * first in a privileged main. */
_check_ int fd_fill_stdio(void);

#endif
