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
	unsigned char head[4]; /* its first bytes, for codec_sniff */
};

struct archive {
	const char *path;
	int layout_dirfd;
	bool is_scratch;		/* the layout is for this process alone */
	struct trail *trail;		/* while members are read */
	struct archive_member *members; /* by name, once all are read */
	size_t n;
	uint64_t bytes, max_bytes;  /* of all members; 0: no limit */
	struct buf index, manifest; /* index.json, manifest.json */
};

/* The member NAME, links followed; NULL. */
const struct archive_member *archive_find(const struct archive *a, const char *name);
/* The OCI manifest of IMAGE, an element of manifest.json, appended to OUT. -1 and a reason. */
_check_ int archive_docker_manifest(const struct archive *a, const struct json *image,
				    struct buf *out, char why[ARCHIVE_WHY_MAX]);
/* Make an image of every element of manifest.json, and list it with the names it has. Dies. */
void archive_docker(const struct archive *a, struct archive_images *out);
/* List what index.json lists. Dies. */
void archive_oci(const struct archive *a, struct archive_images *out);

#endif
