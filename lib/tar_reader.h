/* tar_reader.h - the state of a tar reader and its way to bytes; private to lib/tar_*.c. */
#ifndef LIB_TAR_READER_H
#define LIB_TAR_READER_H

#include "lib/buf.h"
#include "lib/tar_header.h"
#include "lib/tar_pax.h"

struct tar_reader {
	tar_fill *fill;
	tar_leap *leap; /* NULL: read what is skipped */
	void *ctx;
	const unsigned char *data; /* what is left of the source's last run */
	size_t avail;
	uint64_t filled; /* bytes of the stream up to there, those left included */
	bool ended;
	const char *why;
	unsigned char block[TAR_BLOCK_BYTES]; /* for a header that straddles two runs */

	struct buf record; /* the body of an extension header */
	struct tar_pax pax;
	char *gnu_path, *gnu_link;
	bool has_pax;

	char name[256 + 1];	/* prefix/name of a plain header */
	char linkname[100 + 1]; /* its link */

	uint64_t left; /* of the entry's body, in the archive */
	unsigned padding;
	uint64_t offset;    /* in the file unpacked */
	size_t extent;	    /* of a sparse file */
	uint64_t extent_at; /* bytes of it already returned */
};

/* Fail with EBADMSG and this phrase. */
int tar_bad(struct tar_reader *r, const char *why);
/* The next block, valid until the next call: 1, 0 at the end of the source. */
_check_ int tar_take_block(struct tar_reader *r, const struct tar_header **h);
_check_ int tar_skip(struct tar_reader *r, uint64_t len);
/* Copy exactly LEN bytes: 1, 0 when there was not one byte left. */
_check_ int tar_take(struct tar_reader *r, void *to, size_t len);
/* Bytes that fill up a body of SIZE to whole blocks. */
static inline unsigned tar_padding(uint64_t size)
{
	return (unsigned)(-size % TAR_BLOCK_BYTES);
}

/* Take an extension header in: 1, or 0 when H is an ordinary one. */
_check_ int tar_take_extension(struct tar_reader *r, const struct tar_header *h);
void tar_forget_extensions(struct tar_reader *r);
/* Make E from H and the extensions in front of it; the reader then stands at its body. Returns 1.
 */
_check_ int tar_make_entry(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e);

#endif
