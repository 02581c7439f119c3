/* spawn.h - programs started with three descriptors and nothing else of ours. */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include <sys/types.h>

#include "lib/base.h"

/* In a child: be the program ARGV[0] (as execvp looks for it), with STDIO in any order, -1 for
 * /dev/null, and signals as a fresh program expects them. No other descriptor survives. Exits 126
 * or 127 when that fails, and says why on the new stderr. */
_noreturn_ void xbecome(char *const argv[], const int stdio[3]);

/* The same in a new child. Returns its pid, or -1 and errno. */
_check_ pid_t spawn(char *const argv[], const int stdio[3]);

/* The file that execvp would run for NAME, malloc'd; NULL and ENOENT. */
char *spawn_find(const char *name);

#endif
