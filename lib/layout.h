/* layout.h - an OCI image layout directory: its index.json, its locks, its images.
 *
 * On the command line an image is LAYOUT[:TAG|@DIGEST], where TAG may itself be a full reference
 * with ':' and '/'. Blobs are blob.h's.
 *
 * Two locks, both of them flock on a directory. Whoever writes blobs, or reads an image that must
 * not vanish, holds layout_lock shared for as long; whoever removes blobs holds it exclusively.
 * (Blobs come first and index.json last: without the lock new blobs would look like garbage.)
 * index.json is changed under a second, short lock taken in here; readers need none, since it is
 * replaced whole.
 *
 * Failure: -1 and errno; functions with WHY explain it there as one whole message, "no image 'x'
 * in this layout".
 */
#ifndef LIB_LAYOUT_H
#define LIB_LAYOUT_H

#include "lib/base.h"
#include "lib/blob.h"
#include "lib/image.h"

enum { LAYOUT_WHY_MAX = 512 };

/* LAYOUT[:TAG|@DIGEST], taken apart. */
struct layout_name {
	char *dir;
	char *tag;	      /* NULL when none was given */
	struct digest digest; /* "" when none was given */
};

/* Split NAME where its longest prefix that is an image layout ends; when there is none yet, at the
 * first ':' or '@' behind the last '/' of the directories that exist. EINVAL: malformed digest, or
 * an empty part. */
_check_ int layout_name_parse(const char *name, struct layout_name *out);
void layout_name_free(struct layout_name *n);

/* Open an existing layout; returns a directory fd. ENOENT: no such directory; ENOTDIR or EINVAL:
 * not an image layout. */
_check_ int layout_open(const char *dir);
/* As layout_open, but make it, and what it lacks, where it is missing. ENOTEMPTY: a directory of
 * something else. */
_check_ int layout_open_new(const char *dir);

/* Lock against removal (shared) or for it (EXCLUSIVE). Returns a descriptor; closing it unlocks.
 * NOWAIT: EWOULDBLOCK. */
_check_ int layout_lock(int layout_dirfd, bool exclusive, bool nowait);

/* Read index.json. Free *OUT with image_index_free. */
_check_ int layout_read_index(int layout_dirfd, struct image_index *out, char why[LAYOUT_WHY_MAX]);

/* The name an index entry has: its ref.name, or NULL. */
const char *layout_entry_name(const struct image_descriptor *d);

struct layout_entry {
	const char *media_type;
	const struct digest *digest;
	int64_t size;
	const struct platform *platform; /* NULL: not stated */
	const char *tag;		 /* NULL: an image without a name */
};

/* Add an entry, durably: it takes TAG from the entry that had it, and the place of a nameless one
 * of that digest. */
_check_ int layout_put(int layout_dirfd, const struct layout_entry *e, char why[LAYOUT_WHY_MAX]);
/* Give the entry TAG, or that of DIGEST where TAG is NULL, the name NEW_TAG as well. */
_check_ int layout_tag(int layout_dirfd, const struct layout_name *old, const char *new_tag,
		       char why[LAYOUT_WHY_MAX]);
/* Remove the entry TAG, or where TAG is NULL every entry of DIGEST. Returns how many there were. */
_check_ int layout_untag(int layout_dirfd, const struct layout_name *which,
			 char why[LAYOUT_WHY_MAX]);

/* Remove the nameless entries whose digests PICK picks, and the same of the tree of an index. */
typedef bool layout_pick(const void *ctx, const struct digest *d);
_check_ int layout_drop(int layout_dirfd, layout_pick *pick, const void *ctx,
			char why[LAYOUT_WHY_MAX]);
void layout_drop_in(struct json *manifests, layout_pick *pick, const void *ctx);

/* An image that is whole as far as its JSON goes; the layers are not looked at. */
struct layout_image {
	struct digest digest;		       /* of the manifest */
	char *media_type;		       /* of the manifest */
	struct buf manifest_json, config_json; /* verbatim */
	struct image_manifest manifest;
	struct image_config config;
};

/* Find the image NAME means (without tag and digest: the only one there is), through nested indexes
 * by platform WANT (NULL: this machine), and read manifest and config, verified. Free with
 * layout_image_free on success only. */
_check_ int layout_load(int layout_dirfd, const struct layout_name *name,
			const struct platform *want, struct layout_image *out,
			char why[LAYOUT_WHY_MAX]);
/* As layout_load, but an artifact that is no image will do, too: its config is read and not parsed.
 */
_check_ int layout_load_any(int layout_dirfd, const struct layout_name *name,
			    const struct platform *want, struct layout_image *out,
			    char why[LAYOUT_WHY_MAX]);
/* As layout_load, as far as the entry in index.json; it belongs to INDEX. NULL on failure. */
const struct image_descriptor *layout_find(const struct image_index *index,
					   const struct layout_name *name,
					   const struct platform *want, char why[LAYOUT_WHY_MAX]);
void layout_image_free(struct layout_image *i);

/* Put the message into WHY and fail with ERR. */
int layout_refuse(int err, char why[LAYOUT_WHY_MAX], const char *fmt, ...) _printf_(3, 4);
int layout_refuse_unknown(const struct layout_name *which, char why[LAYOUT_WHY_MAX]);

#endif
