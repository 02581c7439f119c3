/* archive_write.h - images as one tar that docker, podman, skopeo and containerd load.
 *
 * It is an OCI layout and what `docker save` writes at once: blobs as they are, index.json,
 * manifest.json. The same images give the same bytes. Dies on failure.
 */
#ifndef IMGUNPACK_ARCHIVE_WRITE_H
#define IMGUNPACK_ARCHIVE_WRITE_H

#include "imgunpack/docs.h"
#include "lib/layout.h"

struct saved {
	int layout_dirfd;
	struct layout_image image;
	char *name; /* a reference, or a tag alone; NULL: none */
};

/* Write them to FILE, which is there only when it is whole, or to standard output (NULL or "-"). */
void archive_write(const char *file, const struct saved *v, size_t n);
/* The same with an index and all it leads to, as NAME (NULL: none): an OCI layout only, since
 * docker's format has no platforms. */
void archive_write_docs(const char *file, int layout_dirfd, const struct docs *docs,
			const char *name);

#endif
