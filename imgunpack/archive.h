/* archive.h - images in one tar: an OCI layout, or what `docker save` writes. Dies on failure.
 *
 * Nothing is extracted under a name the archive gives: members become blobs, named by what is in
 * them, and names and links are looked up in a table only. Where there is an index.json it is
 * what counts, as containerd reads the archives that are both.
 */
#ifndef IMGUNPACK_ARCHIVE_H
#define IMGUNPACK_ARCHIVE_H

#include <stdint.h>

/* All images in the tar PATH ("-" is standard input), which may be compressed, into a layout that
 * is new. Members of more than MAX_BYTES together are refused; 0 is no limit. */
void archive_read(const char *path, int layout_dirfd, uint64_t max_bytes);

/* The same into a layout of its own, below $LASH_ROOT/tmp, until archive_drop or die; what a killed
 * process left there is removed first. Returns the layout. */
int archive_open(const char *path, uint64_t max_bytes);
void archive_drop(void);

#endif
