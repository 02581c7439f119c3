/* feed.h - a layer's blob as a stream of tar bytes, verified on the way.
 *
 * Two threads work ahead of the reader in a ring of buffers: one reads the blob and decompresses
 * it, one hashes what was read and what came out. What is read is not verified before feed_finish
 * says so.
 */
#ifndef IMGUNPACK_FEED_H
#define IMGUNPACK_FEED_H

#include <sys/types.h>

#include "lib/codec.h"
#include "lib/digest.h"

struct feed_source {
	int fd;	      /* the caller's */
	off_t offset; /* where the blob begins there */
	int64_t room; /* how many bytes may be read; 0: up to the end of the file */
	int64_t size; /* as somebody has said */
	struct digest digest, diff_id; /* of the blob ("": known to be right), of the tar within */
	uint64_t max_bytes;	       /* of the tar; 0 is no limit */
	uint64_t max_ratio;	       /* of tar to blob; 0 is no limit */
};

struct feed;

/* Start reading. Never fails; the caller frees with feed_close, which may come at any time. */
struct feed *feed_open(const struct feed_source *source);
/* The next bytes, as a tar_fill. -1 and EBADMSG: feed_why() tells; else errno is read's. */
ssize_t feed_fill(void *feed, const unsigned char **data);
/* All was read: compare size and digests. 0, or -1, EBADMSG and feed_why(). */
int feed_finish(struct feed *f);
/* A phrase such as "the blob is not what its digest says"; "" while nothing is wrong. */
const char *feed_why(struct feed *f);
/* What the blob turned out to be compressed with; valid once feed_fill returned. */
enum codec feed_codec(const struct feed *f);
void feed_close(struct feed *f);

#endif
