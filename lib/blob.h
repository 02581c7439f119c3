/* blob.h - content of an OCI layout: files blobs/sha256/HEX, named by what is in them.
 *
 * LAYOUT_DIRFD is a descriptor of the layout directory throughout. New content grows in tmp/ and
 * gets its name only once its digest and size are known to be right, so a name in blobs/ can be
 * believed after a crash, too. Failure: -1 and errno; EBADMSG means "content is not what digest and
 * size say".
 */
#ifndef LIB_BLOB_H
#define LIB_BLOB_H

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/digest.h"

/* Open for reading; its size must be SIZE unless that is -1. The content is not verified. Caller
 * closes. */
int blob_open(int layout_dirfd, const struct digest *d, int64_t size);
/* The size of a blob, or -1. */
int64_t blob_size(int layout_dirfd, const struct digest *d);
/* Append the whole of a blob, verified, of at most MAX bytes (EFBIG) and of SIZE bytes unless that
 * is -1. */
_check_ int blob_read(int layout_dirfd, const struct digest *d, int64_t size, size_t max,
		      struct buf *out);
/* As blob_read into a new buffer, but dies saying which blob is missing or corrupt. */
void xblob_read(int layout_dirfd, const struct digest *d, int64_t size, size_t max,
		struct buf *out);
/* Hash it all again. */
_check_ int blob_verify(int layout_dirfd, const struct digest *d, int64_t size);
/* Remove; one that is not there is fine. The caller holds the layout's lock exclusively. */
_check_ int blob_remove(int layout_dirfd, const struct digest *d);

/* A blob being written. Declare as struct blob b = BLOB_INIT; end it by commit or abandon. */
struct blob {
	int layout_dirfd; /* the caller's */
	int fd;		  /* of the temporary; may be read by the owner */
	int64_t bytes;	  /* written so far */
	bool is_scratch;  /* set it behind blob_create: need not outlive a crash of the machine */
	struct digest_state hash;
	char name[DIGEST_HEX_LEN + 16];
};

#define BLOB_INIT \
	{ \
		.fd = -1 \
	}

_check_ int blob_create(struct blob *b, int layout_dirfd);
/* As blob_create, but go on with what an interrupted attempt at WANT left, if nobody else is at it.
 */
_check_ int blob_resume(struct blob *b, int layout_dirfd, const struct digest *want);
_check_ int blob_write(struct blob *b, const void *data, size_t len);
/* The halves of blob_write: the bytes must be hashed in the order they were appended, but may be so
 * later and by another thread, before anybody asks for the digest. */
_check_ int blob_append(struct blob *b, const void *data, size_t len);
void blob_hash(struct blob *b, const void *data, size_t len);
/* Forget what was written. */
_check_ int blob_restart(struct blob *b);
/* Is what was written so far WANT, of SIZE bytes? EBADMSG when it is not. */
_check_ int blob_check(const struct blob *b, const struct digest *want, int64_t size);
/* Make it durable and give it its name, which goes to OUT unless that is NULL. EBADMSG unless it is
 * WANT (unless NULL) and has SIZE bytes (unless -1). The temporary is gone in any case. */
_check_ int blob_commit(struct blob *b, const struct digest *want, int64_t size,
			struct digest *out);
/* Remove the temporary; nothing happens after a commit. */
void blob_abandon(struct blob *b);
/* Close it but leave the temporary for blob_resume. */
void blob_suspend(struct blob *b);
/* All of it at once. */
_check_ int blob_put(int layout_dirfd, const void *data, size_t len, struct digest *out);

#endif
