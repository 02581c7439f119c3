/* sys.h - system calls the C library has no wrapper for, and where our files live.
 *
 * Failure: -1 and errno, as the kernel gives it.
 */
#ifndef LIB_SYS_H
#define LIB_SYS_H

#include <linux/openat2.h>
#include <sys/types.h>

#include "lib/base.h"

struct clone_args;

/* openat2(2): open PATH below DIRFD under RESOLVE flags; O_CLOEXEC is added. EAGAIN (a rename
 * raced) is retried a bounded number of times. */
_check_ int sys_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve);
/* clone3(2), fork-like: no stack. Returns the child's pid, 0 in the child. */
pid_t sys_clone3(struct clone_args *args, size_t size);

/* The directory an environment variable names, or FALLBACK: sys_dir("LASH_ROOT", "/var/lib/lash").
 * Not to be freed. */
const char *sys_dir(const char *variable, const char *fallback);
const char *sys_lash_root(void);   /* LASH_ROOT, /var/lib/lash; rootless $XDG_DATA_HOME/lash */
const char *sys_lash_run(void);	   /* LASH_RUN, /run/lash; rootless $XDG_RUNTIME_DIR/lash */
const char *sys_lash_etc(void);	   /* LASH_ETC, /etc/lash; rootless $XDG_CONFIG_HOME/lash */
const char *sys_cgroup_root(void); /* LASH_CGROUP, /sys/fs/cgroup */

#endif
