/* helper.h - a program that is given something on standard input and answers on standard output. */
#ifndef IMGUNPACK_HELPER_H
#define IMGUNPACK_HELPER_H

#include "lib/buf.h"

/* Run ARGV[0] (looked for in PATH) and wait for it: INPUT goes to it, at most MAX bytes of its
 * answer to OUT. KEEP_FD, unless negative, is open in it under the same number. Returns its exit
 * status; 127 and 126 as a shell's. Dies when no process can be made. */
int helper_run(char *const argv[], const struct buf *input, int keep_fd, size_t max,
	       struct buf *out);

#endif
