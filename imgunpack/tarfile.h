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
void tarfile_close(struct tarfile *t);

#endif
