/* apply.h - a layer's entries into a directory.
 *
 * Nothing outside the directory is touched whatever the layer says: every parent is resolved inside
 * it by the kernel, the last component is never followed, and links and devices are made, not
 * opened. The directory must be the caller's alone while this runs, the process's umask 0. Failure
 * to unpack an entry dies, naming it.
 */
#ifndef IMGUNPACK_APPLY_H
#define IMGUNPACK_APPLY_H

#include "imgunpack/attr.h"
#include "imgunpack/modes.h"
#include "imgunpack/place.h"
#include "lib/buf.h"
#include "lib/str.h"
#include "lib/tar.h"

/* Bytes of whiteouts that are kept in memory. */
enum { APPLY_WHITEOUTS_MAX = 16 << 20 };

enum apply_how {
	APPLY_FIRST, /* nothing is there yet, whiteouts mean nothing */
	APPLY_OVER,  /* lower layers are there: whiteouts delete from them */
	APPLY_ALONE, /* a layer for overlayfs: whiteouts become its markers */
	APPLY_ASIDE, /* a layer to be merged into others (merge.h): whiteouts are noted */
};

struct apply_limits {
	/* 0 is no limit. Of all layers that one apply is for; of one path; of one file, its holes
	 * counted. */
	uint64_t entries, depth, file_bytes;
	bool no_devices; /* leave block and character devices out */
	struct ids ids;
};

/* Set the first three fields, the rest 0. */
struct apply {
	int rootfs_dirfd;
	enum apply_how how;
	const struct apply_limits *limits;

	uint64_t entries;	  /* so far, all layers */
	bool has_root;		  /* a layer said what the root directory itself is like */
	bool opaque_root;	  /* ALONE: hides everything below it */
	struct buf whiteout_dirs; /* ALONE: directories with markers in them, each ending in NUL */
	struct buf whiteouts;	  /* ASIDE: their paths, each ending in NUL */

	struct place place;
	struct times times;
	struct map written; /* OVER: what this layer made, which its whiteouts spare. ALONE:
			       whiteout_dirs */
	struct strv opaque_dirs;
	unsigned nesting; /* of directories a whiteout is looking into */
	uint64_t duplicates;
	uint64_t devices; /* left out because this process may not make them */
	struct attr attr;
	struct modes modes; /* PRETEND: of directories, once all layers are in them */
};

static inline bool apply_is_alone(const struct apply *a)
{
	return a->how == APPLY_ALONE || a->how == APPLY_ASIDE;
}

/* Where one entry goes. */
struct spot {
	const char *path;
	const char *name; /* its last component, within path */
	const struct place_dir *dir;
};

/* Behind the last layer: the modes that would have been in the way, and a word about what was left
 * out. */
void apply_finish(struct apply *a);
/* Unpack all entries of R: 0; 1 when ALONE or ASIDE and the layer cannot be understood without what
 * is below it; -1 when R failed, errno its. Call apply_free in any case. */
int apply_layer(struct apply *a, struct tar_reader *r);
void apply_free(struct apply *a);

/* Entries by type (entry.c): all return 0, or 1 as above. */
int entry_make(struct apply *a, struct spot *s, const struct tar_entry *e, struct tar_reader *r);
/* The entry for the root directory itself. */
void entry_root(struct apply *a, const struct tar_entry *e);
/* Remove what is at S, which the entry's own creation has found there (errno EEXIST). */
void entry_make_way(struct apply *a, struct spot *s);
/* A hard link (link.c). */
int entry_link(struct apply *a, struct spot *s, const struct tar_entry *e, struct tar_reader *r);
/* The directory of PATH up to LEN, made where missing (parent.c). NULL: see apply_layer's 1. */
const struct place_dir *entry_parent(struct apply *a, const char *path, size_t len);

/* Whiteouts (whiteout.c). */
enum whiteout { WHITEOUT_NONE, WHITEOUT_NAME, WHITEOUT_OPAQUE, WHITEOUT_SKIP, WHITEOUT_BAD };
/* What PATH, clean, is. */
enum whiteout whiteout_kind(const char *path);
int whiteout_make(struct apply *a, struct spot *s, enum whiteout kind);
/* ALONE: is this a marker? */
bool whiteout_is_marker(int dirfd, const char *name);
/* ALONE: make a directory hide what is below it. */
void whiteout_set_opaque(struct apply *a, int fd, const char *path);
/* ALONE, at the end: markers below opaque directories hide nothing and would show as ghosts. */
void whiteout_scrub(struct apply *a);

#endif
