/* archive.h - images in one tar: an OCI layout, or what `docker save` writes. Dies on failure.
 *
 * Nothing is extracted under a name the archive gives: members become blobs, named by what is in
 * them, and names and links are looked up in a table only. Where there is an index.json it is
 * what counts, as containerd reads the archives that are both.
 */
#ifndef IMGUNPACK_ARCHIVE_H
#define IMGUNPACK_ARCHIVE_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/digest.h"

/* An image of an archive, by one of its names. */
struct archive_image {
	char *name; /* as the archive has it; NULL: none */
	char *media_type;
	struct digest digest;
	int64_t size;
};

struct archive_images {
	struct archive_image *v;
	size_t n;
};

/* A layer that was left where it is in the archive. Nobody has looked at it: it may be something
 * else than its digest, or DiffID. */
struct archive_part {
	struct digest digest;
	off_t offset;
	int64_t size;
};

struct archive_parts {
	int fd; /* of the archive; 0: nothing is in place */
	struct archive_part *v;
	size_t n;
};

/* NULL: there is none with that digest. */
const struct archive_part *archive_part(const struct archive_parts *p, const struct digest *d);
void archive_parts_free(struct archive_parts *p);

void archive_images_add(struct archive_images *l, const char *name, const char *media_type,
			const struct digest *d, int64_t size);
void archive_images_free(struct archive_images *l);
/* Make them entries of the layout's index, under the names they have. */
void archive_put(const char *path, int layout_dirfd, const struct archive_images *l);

/* The members of the tar PATH ("-" is standard input), which may be compressed, into the blobs of a
 * layout whose lock the caller holds, and the list of its images, for the caller to free. */
void archive_add(const char *path, int layout_dirfd, struct archive_images *out);
/* All images in the tar PATH likewise into a layout that is new, and nobody's but this process's.
 * Members of more than MAX_BYTES together are refused; 0 is no limit. Layers that can be read where
 * they are become PARTS, for the caller to free, and no blobs; NULL: none do. */
void archive_read(const char *path, int layout_dirfd, uint64_t max_bytes,
		  struct archive_parts *parts);

/* The same into a layout of its own, below $LASH_ROOT/tmp, until archive_drop or die; what a killed
 * process left there is removed first. Returns the layout. */
int archive_open(const char *path, uint64_t max_bytes, struct archive_parts *parts);
void archive_drop(void);

#endif
