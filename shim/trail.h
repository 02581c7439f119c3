/* trail.h - a log and its elders (FILE.2.gz, FILE.1, FILE) as one stream, also while it is rotated.
 *
 * What is open stays readable however often it is renamed; the next file is found by where ours
 * stands now. A file that was removed before it was reached is skipped: it is gone for everybody.
 */
#ifndef SHIM_TRAIL_H
#define SHIM_TRAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct trail {
	const char *path;
	int fd;	  /* the file being read */
	int text; /* what is in it: the same, unless it is compressed */
};

/* Begin at the oldest file. Returns 0 or -1. */
int trail_open(struct trail *t, const char *path);

/* Begin so that n lines are left to read; fewer if there are no more. */
int trail_open_tail(struct trail *t, const char *path, uint64_t n);

/* Read on, into the next file where one ends. 0: no more for now. */
ssize_t trail_read(struct trail *t, char *data, size_t len);

void trail_close(struct trail *t);

#endif
