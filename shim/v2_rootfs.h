/* v2_rootfs.h - what a mount of a root file system may ask for beside its type: a loop device, ids
 * of its own. In a child of the server, which says what failed and ends.
 */
#ifndef SHIM_V2_ROOTFS_H
#define SHIM_V2_ROOTFS_H

#include "lib/mnt.h"

/* A loop device for the file PATH, which goes with its last user. Returns a descriptor that keeps
 * it until it is mounted; DEVICE is its path, the caller's. */
int loop_xattach(const char *path, bool readonly, char **device);

/* Take "KEY" or "KEY=VALUE" out of O's data. Returns the value ("" without one), malloc'd; NULL
 * when absent. */
char *rootfs_option(struct mnt_opts *o, const char *key);

/* The user namespace of what uidmap= and gidmap= of O say, INSIDE:OUTSIDE:COUNT[,...], which are
 * taken out; -1: neither is there. */
int rootfs_xuserns(struct mnt_opts *o);

/* Bind every lower layer of an overlay, with the ids of USERNSFD, below the directory SCRATCH, and
 * have O name them there. */
void layers_xmap(struct mnt_opts *o, int usernsfd, const char *scratch);
/* What layers_xmap has mounted goes from sight; the overlay keeps it. */
void layers_hide(const char *scratch);

#endif
