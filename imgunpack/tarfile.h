/* tarfile.h - a tar on disk or on a pipe, decompressed if it is compressed. Dies on failure. */
#ifndef IMGUNPACK_TARFILE_H
#define IMGUNPACK_TARFILE_H

#include <sys/types.h>

#include "lib/base.h"

struct tarfile;

/* "-" is standard input. The caller frees with tarfile_close. */
struct tarfile *tarfile_open(const char *path);
/* A tar_fill. */
ssize_t tarfile_fill(void *tarfile, const unsigned char **data);
/* A tar_leap. */
uint64_t tarfile_leap(void *tarfile, uint64_t len);
/* Once something was read: whether the LEN bytes from AT on are LEN bytes of a file that can be
 * read anywhere, and where: FD, from OFFSET on. It is open until tarfile_close. */
bool tarfile_in_place(const struct tarfile *t, uint64_t at, uint64_t len, int *fd, off_t *offset);
void tarfile_close(struct tarfile *t);

#endif
