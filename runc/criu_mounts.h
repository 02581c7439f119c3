/* criu_mounts.h - what of a container is not criu's to keep: mounts and namespaces of the host. */
#ifndef RUNC_CRIU_MOUNTS_H
#define RUNC_CRIU_MOUNTS_H

#include "runc/criu.h"

/* A namespace that was joined is the host's: it is not dumped, and has to be there again at
 * restore. */
void criu_dump_namespaces(struct criu *k, const struct spec *spec);
void criu_restore_namespaces(struct criu *k, const struct spec *spec);
/* Name every mount whose source is the host's, by where it is in the container. */
void criu_dump_mounts(struct criu *k, const struct container *c, const struct spec *spec);
/* The same names, with the sources they have here. */
void criu_restore_mounts(struct criu *k, const struct container *c, const struct spec *spec);
/* Where the container's mounts go, made below ROOTFD where they are missing. */
void criu_make_targets(const struct spec *spec, int rootfd);

#endif
