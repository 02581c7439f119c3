/* tar_header.h - the 512-byte block of a tar archive and its number fields; private to lib/tar_*.c.
 */
#ifndef LIB_TAR_HEADER_H
#define LIB_TAR_HEADER_H

#include "lib/base.h"

struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], chksum[8];
	char typeflag, linkname[100];
	char magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8], prefix[155];
	char pad[12];
};

_Static_assert(sizeof(struct tar_header) == 512, "a tar block");

/* An octal or base-256 field. -1 and EINVAL when it is neither. */
_check_ int tar_field_get(const char *field, size_t width, int64_t *out);
/* Write octal digits and a NUL; -1 and ERANGE when they do not fit. */
_check_ int tar_field_put(char *field, size_t width, uint64_t value);
bool tar_header_is_zero(const struct tar_header *h);
/* The checksum is right, summed as unsigned or (old Suns) as signed bytes. */
bool tar_header_sum_ok(const struct tar_header *h);
void tar_header_seal(struct tar_header *h);

#endif
