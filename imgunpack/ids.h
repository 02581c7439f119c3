/* ids.h - whose the files of an image become. */
#ifndef IMGUNPACK_IDS_H
#define IMGUNPACK_IDS_H

#include "lib/idmap.h"
#include "lib/tar.h"

struct ids {
	/* Maps from the image's ids to those files get; empty is the identity. */
	struct idmap *uids, *gids;
	size_t n_uids, n_gids;
	/* Files are the caller's, who can have no others; what they should be is written down in an
	 * attribute, as umoci and rootless containers have it. */
	bool pretend;
};

/* Append INSIDE:OUTSIDE:COUNT to a map. EINVAL. */
_check_ int ids_add(struct idmap **map, size_t *n, const char *text);
/* Give E the owner its file is to have, in capabilities and ACLs, too. -1 and ERANGE: not mapped;
 * ENOTSUP: capabilities of a root that is not, or of no known form. */
_check_ int ids_map(const struct ids *ids, struct tar_entry *e);
/* PRETEND: note on the file FD whose it should be; of root nothing is noted. */
_check_ int ids_note(int fd, const struct tar_entry *e);
/* The reverse: who FD should belong to; *UID and *GID become root's when nothing is noted. */
void ids_read(int fd, uint32_t *uid, uint32_t *gid);
/* In the first user namespace, where ids, devices and trusted attributes are what they seem. */
bool ids_are_real(void);

#endif
