/* compare.h - what is different between two trees, without reading their files: type, mode, owner,
 * size, time, device, link target, extended attributes. Dies on failure. */
#ifndef IMGUNPACK_COMPARE_H
#define IMGUNPACK_COMPARE_H

#include <sys/stat.h>

#include "lib/str.h"

/* A name in two directories. */
struct compare_pair {
	int old_dirfd, new_dirfd;
	const char *name;
	struct stat old_st, new_st;
};

/* Fill the pair's stats. The result says where NAME is: bit 0 the old directory, bit 1 the new. */
enum { COMPARE_OLD = 1, COMPARE_NEW = 2 };
int compare_look(struct compare_pair *p);
/* Both are there: does nothing tell them apart? CONTENT: nor do the bytes of files. */
bool compare_same(const struct compare_pair *p, bool content);

/* Call FOUND for all that differs between the trees: WHAT is 'A' (only in the new one, and what is
 * in it is not reported), 'D' (only in the old one), 'C'. */
typedef void compare_fn(void *ctx, char what, const char *path);
void compare_trees(int old_dirfd, int new_dirfd, bool content, compare_fn *found, void *ctx);

/* Names in the directory FD, sorted by bytes. */
struct strv compare_list(int fd);

#endif
