/* io.h - whole reads, whole writes, whole files.
 *
 * EINTR is retried, short transfers are continued. Failure: -1 and errno; EFBIG means an input was
 * larger than the caller's stated maximum.
 */
#ifndef LIB_IO_H
#define LIB_IO_H

#include <sys/types.h>

#include "lib/base.h"
#include "lib/buf.h"

/* Write all of it. */
_check_ int io_write(int fd, const void *data, size_t len);
_check_ int io_puts(int fd, const char *s);
/* Read until LEN bytes or the end; returns the bytes read. */
_check_ ssize_t io_read(int fd, void *data, size_t len);
/* Append everything up to the end of FD to B; EFBIG beyond MAX bytes. */
_check_ int io_read_all(int fd, size_t max, struct buf *b);
/* Copy from IN to OUT until the end, in the kernel where it can (copy_file_range, splice). Returns
 * the bytes copied. */
_check_ int64_t io_copy(int in, int out);

/* Append a whole file below DIRFD (AT_FDCWD works) to B. */
_check_ int file_read(int dirfd, const char *name, size_t max, struct buf *b);
/* The same where somebody may have put a FIFO or a device, which would be waited for: EINVAL. */
_check_ int file_read_regular(int dirfd, const char *name, size_t max, struct buf *b);
char *file_read_line_regular(int dirfd, const char *name);
/* The first line of a file without its newline, malloc'd; NULL and errno on failure. At most 64
 * KiB. */
char *file_read_line(int dirfd, const char *name);
/* One write(2) into an existing file, as kernel files want it (O_WRONLY, not created, not
 * truncated). */
_check_ int file_poke(int dirfd, const char *name, const char *data);
/* The only way to write a file that someone reads: temporary `.NAME.new` beside it, then rename.
 * Readers see the old or the new one, never a part. NAME is a plain file name. SYNC asks for fsync
 * before the rename. */
_check_ int file_replace(int dirfd, const char *name, mode_t mode, const void *data, size_t len,
			 bool sync);
/* file_replace of S and a newline, unsynced, mode 0644. */
_check_ int file_put_line(int dirfd, const char *name, const char *s);

#endif
