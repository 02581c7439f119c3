/* unpack.h - what imgunpack's parts share: the job, and the steps it is done in. All of them die on
 * failure. */
#ifndef IMGUNPACK_UNPACK_H
#define IMGUNPACK_UNPACK_H

#include "imgunpack/apply.h"
#include "imgunpack/archive.h"
#include "imgunpack/stack.h"
#include "lib/layout.h"

struct unpack {
	int layout_dirfd;
	struct layout_image image;
	struct apply_limits limits;
	uint64_t max_bytes, max_ratio; /* of one layer, see feed.h */
	bool sync;		       /* have everything on disk before it gets its name */
	const int *layer_fds; /* NULL, or for each layer -1 or its blob, known to be what its digest
				 says, which may have no name yet */
	struct archive_parts parts; /* of the archive it came in: layers that are no blobs */
};

/* What no image needs more of. */
#define UNPACK_LIMITS \
	{ \
		.entries = 10000000, .depth = 512 \
	}

/* Set the process up for it: umask, number of descriptors. unpack_load does this, too. */
void unpack_prepare(void);
/* Find the image NAME, LAYOUT[:TAG|@DIGEST] or ARCHIVE[:TAG|@DIGEST], for PLATFORM ("os/arch"; NULL
 * is this machine's), and keep its blobs from being collected until the process ends. Sets
 * layout_dirfd and image. */
void unpack_load(struct unpack *u, const char *name, const char *platform);

/* Let go of what unpack_load found. */
void unpack_free(struct unpack *u);

/* A worker has said what failed: leave, with what has to be cleaned up. */
_noreturn_ void unpack_fail(void);

/* Apply layer I, verified: 0, or 1 when it cannot stand alone (apply.h). */
int unpack_layer(const struct unpack *u, size_t i, struct apply *a);

/* Behind the last layer: A's last words, and its tree on disk where that is asked for. Frees A. */
void unpack_finish(const struct unpack *u, struct apply *a);

/* All layers into the directory ROOTFS_DIRFD, side by side in the empty directory STAGE_DIRFD
 * (aside.c). -1: a worker has said why. */
_check_ int unpack_aside(const struct unpack *u, int stage_dirfd, int rootfs_dirfd);

/* All layers into the directory ROOTFS, which is absent or empty. On failure it is so again. */
void unpack_flat(const struct unpack *u, const char *rootfs);

/* Layers into STORE where they are not there yet, then an overlay of them on ROOTFS, with DIR/upper
 * and DIR/work. */
void unpack_overlay(const struct unpack *u, const char *store, const char *dir, const char *rootfs,
		    bool is_volatile);

/* Layer I into the stack's store unless it is there: 0, or 1 and nothing when it has to wait for
 * the layers below. */
int unpack_ahead(const struct unpack *u, struct stack *s, size_t i);

/* The layers into the stack's store where they are not there yet, and onto the stack. */
void unpack_store(const struct unpack *u, struct stack *s);

/* The same, and the image read-only on ROOTFS. */
void unpack_view(const struct unpack *u, const char *store, const char *rootfs);

/* Run JOB(CTX, 0 to N-1), each in a process of its own, as many at once as keep the processors
 * busy, the results (0 to 100) into RESULT. When one dies the others are killed; then, as JOB has
 * said why, -1. They die with this process. */
typedef int worker_job(void *ctx, size_t i);
_check_ int worker_run(size_t n, worker_job *job, void *ctx, int *result);
/* Its parts, for who does not know beforehand how many there are: one of them, and what became of
 * it: the result, or -1 when it died, with a word if it was killed. */
pid_t worker_start(worker_job *job, void *ctx, size_t i);
int worker_result(int wait_status);

#endif
