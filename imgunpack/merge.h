/* merge.h - a layer that was unpacked aside (APPLY_ASIDE) into the tree of the layers below it, by
 * renaming.
 *
 * What becomes of both is what APPLY_OVER would have made. Both directories are the caller's alone,
 * and on one file system. Dies on failure.
 */
#ifndef IMGUNPACK_MERGE_H
#define IMGUNPACK_MERGE_H

#include "lib/buf.h"

/* HAS_ROOT: the layer says what the root directory is like. WHITEOUTS: as apply.h has them.
 * LAYER_DIRFD's directory is left with directories in it. */
void merge_layer(int layer_dirfd, int rootfs_dirfd, bool has_root, const struct buf *whiteouts);

#endif
