/* user.h - who a container's process runs as, looked up in the image's own passwd and group files.
 *
 * The two files come from the image and may hold anything: lines that do not parse are skipped,
 * numbers out of range never match, and nothing in them reaches more than the numeric result.
 */
#ifndef BUNDLE_USER_H
#define BUNDLE_USER_H

#include "lib/base.h"

enum { USER_FILE_MAX = 4 << 20 };

struct user {
	uint32_t uid, gid;
	uint32_t *gids; /* the primary group first, each once */
	size_t n_gids;
};

struct user_db {
	const char *passwd, *group; /* whole files as strings; "" when the image has none */
};

/* Resolve SPEC ("", "name", "7", "name:group", "7:8"); EXTRA is a NULL-terminated list of more
 * groups, or NULL. Returns 0; or -1 with errno ENOENT (no such user or group) or ERANGE, and *WHAT
 * set to a malloc'd phrase naming the culprit. The caller frees out->gids, also after a failure. */
_check_ int user_resolve(const struct user_db *db, const char *spec, char *const *extra,
			 struct user *out, char **what);

/* Read etc/passwd and etc/group below ROOTFS_DIRFD; a missing file reads as "". The caller frees
 * both. -1: one of them is not a regular file, too large, unreadable, or tried to leave the root.
 */
_check_ int user_read_files(int rootfs_dirfd, char **passwd, char **group);

#endif
