/* transport.h - the ways an image can be named beside REF, and moving one that needs no network.
 *
 * "docker://REF", or REF alone, is a registry's; "oci:LAYOUT[:TAG|@DIGEST]" a layout's;
 * "docker-archive:FILE[:NAME]" and "oci-archive:FILE[:NAME]" an archive's, which tells itself what
 * it is. Everything here dies on failure.
 */
#ifndef IMGUNPACK_TRANSPORT_H
#define IMGUNPACK_TRANSPORT_H

#include "imgunpack/docs.h"
#include "lib/layout.h"

enum transport { TRANSPORT_REGISTRY, TRANSPORT_LAYOUT, TRANSPORT_ARCHIVE };

/* What TEXT names; *REST is what stands behind the prefix. */
enum transport transport_of(const char *text, const char **rest);

/* Open the layout DIR, made if it is missing, and lock it for writing. */
int xtransport_open_new(const char *dir, int *lock);
/* The tag NAME means: its own, or that of the only image there is. Caller frees; NULL: none. */
char *xtransport_tag(int layout_dirfd, const struct layout_name *name);
/* As xtransport_from_layout and _archive, for the images of every platform. Returns the digest for
 * it all. */
struct digest xtransport_all_from_layout(const char *name, int to, const char *tag);
struct digest xtransport_all_from_archive(const char *name, int to, const char *tag);
/* Open the layout DIR and lock it for reading. */
int xtransport_open(const char *dir, int *lock);

/* NAME of a layout, or of an archive, into the layout TO: all its blobs, verified on the way, and
 * IMAGE, which is the one for WANT (NULL: this machine). *TAG is the name it has there, for the
 * caller to free, or NULL. */
void xtransport_from_layout(const char *name, int to, const struct platform *want,
			    struct layout_image *image, char **tag);
void xtransport_from_archive(const char *name, int to, const struct platform *want,
			     struct layout_image *image, char **tag);

/* Copy the blobs of IMAGE from one layout to another. */
void xtransport_copy(int from, int to, const struct layout_image *image);
/* The documents and all they lead to likewise, the last one recorded under TAG. */
void xtransport_copy_docs(int from, int to, const struct docs *docs, const char *tag);
/* Add IMAGE, whose blobs are there, to the layout under TAG (NULL: none). */
void xtransport_record(int to, const struct layout_image *image, const char *tag);
/* The image whose manifest D is, and whether all of it is there. */
void xtransport_check(int layout_dirfd, const struct digest *d, const struct platform *want,
		      struct layout_image *image);

#endif
