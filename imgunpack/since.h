/* since.h - which names of a tree have to be packed so that they turn an old tree into it. Dies on
 * failure.
 *
 * A directory is packed when something in it is. Of a file with several names all are, or they
 * would not be one file any more. */
#ifndef IMGUNPACK_SINCE_H
#define IMGUNPACK_SINCE_H

#include "imgunpack/compare.h"
#include "imgunpack/map.h"

struct since {
	bool content;	  /* files that look the same are read */
	bool root;	  /* the top directory itself has changed */
	struct map dirs;  /* that have something to pack below */
	struct map files; /* with several names, one of which has to be packed */
	bool again;	  /* scanning for the other names of these */
};

/* Walk both trees; twice when a file has new names. */
void since_scan(struct since *s, int old_dirfd, int new_dirfd);
/* Is the name, which is in the new tree, to be packed? *OLD_DIRFD becomes -1 when what is below it
 * is new altogether. */
bool since_wants(const struct since *s, struct compare_pair *p, int *old_dirfd);
void since_free(struct since *s);

#endif
