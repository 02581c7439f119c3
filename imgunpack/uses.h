/* uses.h - who has layers of a store mounted, so that gc leaves them: STORE/.uses/HASH, a file a
 * user.
 *
 * A use is an overlay's directory DIR, for as long as DIR/upper exists, or a mount point, for as
 * long as something is mounted there. It is written before the mount is made. Its file has a line
 * "dir PATH" or "mount PATH" and a line for every key; HASH is that of the first line.
 */
#ifndef IMGUNPACK_USES_H
#define IMGUNPACK_USES_H

#include "lib/str.h"

enum use_kind { USE_DIR, USE_MOUNT };

/* Note that PATH, absolute, uses KEYS; replaces what it used before. Dies. */
void uses_add(int store_dirfd, enum use_kind kind, const char *path, const struct strv *keys);
/* PATH uses nothing any more. */
void uses_remove(int store_dirfd, enum use_kind kind, const char *path);
/* The keys that somebody uses into KEYS; uses that have ended are removed, unless ONLY_LOOK. Dies.
 */
void uses_list(int store_dirfd, struct strv *keys, bool only_look);

#endif
