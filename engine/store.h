/* store.h - containers on disk: $LASH_ROOT/containers/ID, one value a file, and
 * $LASH_ROOT/names/NAME -> ID.
 *
 * The directory is the container; a name is a symbolic link made before it and removed after it, so
 * that whatever was begun can be found again. Failure: -1 or NULL, and errno.
 */
#ifndef ENGINE_STORE_H
#define ENGINE_STORE_H

#include "lib/base.h"
#include "lib/str.h"

enum { STORE_ID_LEN = 64, STORE_SHORT_LEN = 12 };

/* $LASH_ROOT/containers and $LASH_ROOT/names; made if missing. Caller closes. */
_check_ int store_open_containers(void);
_check_ int store_open_names(void);
/* Directory of one container. */
_check_ int store_open(const char *id);
/* Every ID there is, in no order. */
_check_ int store_list(struct strv *ids);

/* The ID a name, an ID or the beginning of one means, malloc'd. ENOENT; ENOTUNIQ: several begin so.
 * A name whose container was never finished counts. */
char *store_find(const char *what);
/* The same; ends the program where there is none. */
char *store_xfind(const char *what);
bool store_is_id(const char *s);

/* A value, malloc'd, or NULL. */
char *store_get(int dirfd, const char *key);
/* Write NAME=VALUE words, newlines allowed within a value: a list is one word a line. */
_check_ int store_put_all(int dirfd, char *const *words);
/* Remove every name of ID; all are looked at, since the record may be gone already. */
_check_ int store_drop_names(const char *id);

/* $LASH_RUN/shim/ID, malloc'd. */
char *store_shim_path(const char *id);

#endif
