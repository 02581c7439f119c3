/* idmap.h - user and group id mappings of user namespaces.
 *
 * Failure: -1 and errno, as the kernel gives it; EINVAL for overlapping or too many (340) lines.
 */
#ifndef LIB_IDMAP_H
#define LIB_IDMAP_H

#include <sys/types.h>

#include "lib/base.h"

/* INSIDE..INSIDE+COUNT-1 in the namespace are OUTSIDE.. in its parent. */
struct idmap {
	uint32_t inside, outside, count;
};

enum { IDMAP_LINES_MAX = 340 };

/* Both maps; owned when idmap_parse made them. */
struct idmaps {
	struct idmap *uids, *gids;
	size_t n_uids, n_gids;
};

#define _idmaps_ __attribute__((cleanup(idmaps_free)))

/* Write both maps of process PID, newly in its user namespace. An unprivileged caller's are written
 * by newuidmap and newgidmap, but for a group map of its own group alone: that needs setgroups
 * denied, which this does. */
_check_ int idmap_write(pid_t pid, const struct idmap *uids, size_t n_uids,
			const struct idmap *gids, size_t n_gids);
/* The id outside for INSIDE, or -1 and EINVAL when it is not mapped. An empty map is the identity.
 */
_check_ int idmap_outside(const struct idmap *map, size_t n, uint32_t inside, uint32_t *outside);
/* A user namespace with these maps that no process is in, for mnt_idmap. Caller closes. */
_check_ int idmap_userns(const struct idmap *uids, size_t n_uids, const struct idmap *gids,
			 size_t n_gids);

/* Ids of both sides that there are, and at least one. */
bool idmap_is_range(const struct idmap *m);
/* crun's notation, "uids=INSIDE-OUTSIDE-COUNT#...;gids=...": OUT gets what is given, and keeps what
 * is not. With '@' before a range its OUTSIDE is an id in CONTAINER's maps. EINVAL, ERANGE. */
_check_ int idmap_parse(const char *text, const struct idmaps *container, struct idmaps *out);
void idmaps_free(struct idmaps *m);

#endif
