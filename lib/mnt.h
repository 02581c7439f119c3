/* mnt.h - mounts built detached and by descriptor: made, given their attributes, then attached.
 *
 * Nothing here walks a path below an untrusted root: the target is a directory (or file)
 * descriptor, the mount is one too, and there is no moment at which it can be seen with the wrong
 * flags. Failure: -1 and errno. Needs the mount API of Linux 5.12; ENOSYS means an older kernel.
 */
#ifndef LIB_MNT_H
#define LIB_MNT_H

#include <sys/mount.h>

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/str.h"

/* What a list of mount options says. */
struct mnt_opts {
	uint64_t set, clear; /* MOUNT_ATTR_* of this mount; clear holds what was asked away in words
				("rw", "exec") */
	uint64_t tree_set, tree_clear; /* of it and all below it (rro, rnosuid, ...) */
	uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE; 0: not said */
	bool propagation_tree;
	bool bind, bind_tree; /* bind_tree implies bind */
	bool remount, tmpcopyup, idmap, idmap_tree;
	bool copy_symlink; /* a source that is a link is not mounted, but made again */
	bool src_nofollow, dest_nofollow; /* a link there is meant itself */
	const char *idmap_text; /* "idmap=TEXT": maps of its own (idmap_parse); of the list's */
	struct strv
		data; /* the rest, in order: superblock words and the file system's own options */
};

/* Fill O from a NULL-terminated list (NULL is empty). Words nobody knows are the file system's:
 * into data. */
void mnt_opts_parse(struct mnt_opts *o, char *const *words);
void mnt_opts_free(struct mnt_opts *o);
/* The option in O->data that starts with KEY and '=', from its value on; NULL when absent. */
const char *mnt_opts_data(const struct mnt_opts *o, const char *key);
/* The I-th word of the table, sorted; NULL behind the last. */
const char *mnt_opts_word(size_t i);

/* Make a file system of TYPE, detached, with O's attributes (not its propagation). Returns the
 * mount; caller closes. On failure WHY has the file system's own words, when it gave any. */
int mnt_new(const char *type, const char *source, const struct mnt_opts *o, struct buf *why);
/* A detached copy of the mount at DIRFD/PATH (all below it too if TREE). "" is DIRFD itself. Caller
 * closes. */
int mnt_clone(int dirfd, const char *path, bool tree);
/* Change attributes of a mount by a descriptor of its root, on the whole tree if TREE. No-op when
 * nothing is asked. */
int mnt_change(int mntfd, uint64_t set, uint64_t clear, bool tree);
/* Give the file system whose mount's root MNTFD is the options in O->data. On failure WHY has its
 * own words, when it gave any. */
int mnt_reconfigure(int mntfd, const struct mnt_opts *o, struct buf *why);
/* Set the propagation type (MS_*) of a mount, or of the whole tree. */
int mnt_propagate(int mntfd, uint64_t type, bool tree);
/* Both, of this mount alone, in one call. */
int mnt_adopt(int mntfd, uint64_t set, uint64_t propagation);
/* Give a fresh bind the attributes and the propagation of O. */
int mnt_apply(int mntfd, const struct mnt_opts *o);
/* Show a detached copy's files with the ids of the user namespace USERNSFD. */
int mnt_idmap(int mntfd, int usernsfd, bool tree);
/* Attach a detached mount on top of TARGETFD; MNTFD stays a descriptor of its root. */
int mnt_attach(int mntfd, int targetfd);
/* Mount by mount(2), the target named through /proc; for what fsconfig cannot carry (values above
 * 255 bytes). */
int mnt_old(const char *type, const char *source, int targetfd, const struct mnt_opts *o);

#endif
