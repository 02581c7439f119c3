/* tar.h - tar archives as streams: ustar, GNU and pax, read from hostile hands, written
 * canonically.
 *
 * The reader interprets no path: it returns what the archive says, checked for what no archive may
 * say (NUL within a name, a body behind a link, numbers that are none, two meanings for one entry).
 * What readers of tar disagree about is refused rather than guessed, so that no two tools see two
 * archives. Failure: -1; errno EBADMSG means that the archive is at fault and tar_why() says how;
 * else errno is the source's.
 */
#ifndef LIB_TAR_H
#define LIB_TAR_H

#include <sys/types.h>
#include <time.h>

#include "lib/base.h"

enum {
	TAR_BLOCK_BYTES = 512,
	TAR_EXTENSION_MAX = 1 << 20, /* bytes of one pax or GNU long name record */
	TAR_XATTRS_MAX = 128,	     /* of one entry */
	TAR_XATTR_VALUE_MAX = 65536,
	TAR_EXTENTS_MAX = 1 << 16, /* of one sparse file */
};

/* The values are tar's own type letters; '7' and v7's NUL are reported as TAR_FILE or TAR_DIR. */
enum tar_type {
	TAR_FILE = '0',
	TAR_LINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHAR = '3',
	TAR_BLOCK = '4',
	TAR_DIR = '5',
	TAR_FIFO = '6',
};

/* What the reader returns is malloc'd: a value may be replaced by another that is. */
struct tar_xattr {
	const char *name; /* "user.x": without SCHILY.xattr. */
	const void *value;
	size_t len;
};

struct tar_entry {
	enum tar_type type;
	const char *path;  /* never empty */
	const char *link;  /* of TAR_LINK and TAR_SYMLINK, else NULL */
	mode_t mode;	   /* the permission bits, 07777 */
	uint32_t uid, gid; /* never (uint32_t)-1, which chown takes for "leave it" */
	uint32_t devmajor, devminor;
	uint64_t size; /* bytes of the file, holes counted */
	struct timespec mtime;
	struct tar_xattr *xattrs;
	size_t nxattrs;
};

struct tar_reader;

/* The source of bytes: point *DATA at the next run of them, which must stay valid until the next
 * call. Returns their number, 0 at the end, or -1 and errno. */
typedef ssize_t tar_fill(void *ctx, const unsigned char **data);

/* Leave out LEN bytes of what fill would return next, where the source can: returns how many are
 * left out. */
typedef uint64_t tar_leap(void *ctx, uint64_t len);

/* Never fails; the caller frees with tar_close. */
struct tar_reader *tar_open(tar_fill *fill, void *ctx);
void tar_close(struct tar_reader *r);
/* Skip bodies by LEAP, which has CTX of tar_open, where it can. */
void tar_set_leap(struct tar_reader *r, tar_leap *leap);
/* The next entry: 1, or 0 behind the last. Strings and xattrs are the reader's, until the next
 * call. */
int tar_next(struct tar_reader *r, struct tar_entry *e);
/* The next run of the entry's body and the offset in the file it belongs to; runs ascend, holes
 * between them are not reported. Returns its length, 0 at the end of the body. What is not read is
 * skipped by tar_next. */
ssize_t tar_body(struct tar_reader *r, const void **data, uint64_t *offset);
/* Before its first run is read: where in the stream the entry's body begins, all of it in one
 * piece; false when it is not (sparse). */
bool tar_body_at(const struct tar_reader *r, uint64_t *at);
/* Read what is behind the last entry, to the end of the source (it counts for a layer's digest). */
int tar_drain(struct tar_reader *r);
/* What was wrong with the archive, after EBADMSG. */
const char *tar_why(const struct tar_reader *r);

/* Make PATH relative and plain, in place: no leading "/" or "./", no "//", no "." (the root itself
 * becomes ""). -1 and EINVAL: has a ".." component; ENAMETOOLONG: a component above 255 bytes or a
 * path above 4095. */
int tar_clean_path(char *path);

struct tar_writer;

/* Takes the archive's bytes; returns 0, or -1 and errno. */
typedef int tar_put(void *ctx, const void *data, size_t len);

/* A canonical writer: ustar, pax records only where ustar cannot say it, no names of users, whole
 * seconds. Never fails; the caller frees with tar_writer_free. */
struct tar_writer *tar_create(tar_put *put, void *ctx);
void tar_writer_free(struct tar_writer *w);
/* Write a header; the body of the one before must be complete (EINVAL). A directory's path gets its
 * '/'. */
int tar_write_entry(struct tar_writer *w, const struct tar_entry *e);
/* Write part of the body; not more than size bytes in all (EINVAL). */
int tar_write_body(struct tar_writer *w, const void *data, size_t len);
/* LEN bytes of the body have been put where PUT would have put them. */
int tar_count_body(struct tar_writer *w, size_t len);
/* The two zero blocks. */
int tar_write_end(struct tar_writer *w);

#endif
