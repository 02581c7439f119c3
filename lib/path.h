/* path.h - opening and making things below an untrusted directory.
 *
 * Every function takes a directory descriptor and a path that may be hostile, and never leaves that
 * directory, not through "..", symbolic links or magic links. in_root treats the directory as "/"
 * (links resolve inside it, as a chroot would); beneath refuses any step that would leave. Failure:
 * -1 and errno, as for open(2); ELOOP and EXDEV mean "tried to escape".
 */
#ifndef LIB_PATH_H
#define LIB_PATH_H

#include <sys/types.h>

#include "lib/base.h"

/* Open an existing path, links resolved inside the root. Caller closes. O_CLOEXEC is added. */
_check_ int path_open_in_root(int dirfd, const char *path, int flags);
/* Open (MODE for O_CREAT), no step may leave DIRFD; absolute paths are refused with EXDEV. */
_check_ int path_open_beneath(int dirfd, const char *path, int flags, mode_t mode);
/* As path_open_beneath, with no symbolic link anywhere and on one file system: for kernel file
 * systems. */
_check_ int path_open_strict(int dirfd, const char *path, int flags);

/* mkdir -p below dirfd, links resolved inside; components that exist are left alone. Returns an
 * O_PATH fd of the last; caller closes. */
_check_ int path_make_dirs(int dirfd, const char *path, mode_t mode);
/* The directory that holds PATH's last component, made if missing (mode 0755), as an O_PATH fd, and
 * that component's name, malloc'd, in *NAME. EINVAL when there is none ("/", "..", "."). Links in
 * the parent resolve inside. */
_check_ int path_open_parent(int dirfd, const char *path, char **name);

/* mkdir -p of an ordinary trusted path. Succeeds when it is there. */
_check_ int path_mkdirs(const char *path, mode_t mode);
/* Open a trusted directory, making it (mkdir -p) where it is missing. Returns an
 * O_RDONLY|O_DIRECTORY fd. */
_check_ int path_open_dir(const char *path, mode_t mode);

/* flock the directory NAME below DIRFD: EXCLUSIVE or shared, waiting unless NOWAIT (EWOULDBLOCK).
 * Verifies that the locked directory is still the one in the tree. Returns its fd; closing it
 * unlocks. */
_check_ int path_lock_dir(int dirfd, const char *name, bool exclusive, bool nowait);

/* rm -rf NAME below DIRFD, however deep, without following links or crossing into another mount
 * (EXDEV: something is mounted there). Nothing there is success. Directories that lack permissions
 * get them. (path_remove.c) */
_check_ int path_remove_tree(int dirfd, const char *name);
/* The same with all that is in the directory DIRFD, which stays. */
_check_ int path_remove_content(int dirfd);

#endif
