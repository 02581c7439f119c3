/* archive_docker.h - the parts of archive.h: its members, and docker's manifest.json. */
#ifndef IMGUNPACK_ARCHIVE_DOCKER_H
#define IMGUNPACK_ARCHIVE_DOCKER_H

#include "imgunpack/archive.h"
#include "lib/buf.h"
#include "lib/digest.h"
#include "lib/json.h"

enum { ARCHIVE_LINKS_MAX = 8, ARCHIVE_WHY_MAX = 320 };

struct archive_member {
	char *name; /* plain, as tar_clean_path leaves it */
	char *link; /* another member's name, or NULL */
	size_t nth; /* of the archive */
	struct digest digest;
	int64_t size;
	bool is_in_place;      /* digest is what its name says, or its first user */
	bool wants_diff_id;    /* it is in place, and its name says nothing */
	off_t offset;	       /* in place */
	unsigned char head[4]; /* its first bytes, for codec_sniff */
};

struct archive {
	const char *path;
	int layout_dirfd;
	bool is_scratch;		/* the layout is for this process alone */
	struct trail *trail;		/* while members are read */
	struct tarfile *file;		/* likewise */
	struct archive_parts *parts;	/* NULL: nothing stays in place */
	struct archive_member *members; /* by name, once all are read */
	size_t n;
	uint64_t bytes, max_bytes;  /* of all members; 0: no limit */
	struct buf index, manifest; /* index.json, manifest.json */
};

/* The member NAME, links followed; NULL. */
struct archive_member *archive_find(const struct archive *a, const char *name);
struct tar_reader;

/* Whether the member the reader is at, of SIZE bytes, is a layer to be read where it is; if so, the
 * rest of M is filled in. Dies. */
bool archive_stays_in_place(const struct archive *a, const struct tar_reader *r, uint64_t size,
			    struct archive_member *m);
/* M, which is in place, has its digest. */
void archive_part_add(const struct archive *a, const struct archive_member *m);
/* The OCI manifest of IMAGE, an element of manifest.json, whose configuration is CONFIG, appended
 * to OUT. -1 and a reason. */
_check_ int archive_docker_manifest(const struct archive *a, const struct json *image,
				    const struct json *config, struct buf *out,
				    char why[ARCHIVE_WHY_MAX]);
/* Make an image of every element of manifest.json, and list it with the names it has. Dies. */
void archive_docker(const struct archive *a, struct archive_images *out);
/* List what index.json lists. Dies. */
void archive_oci(const struct archive *a, struct archive_images *out);

#endif
