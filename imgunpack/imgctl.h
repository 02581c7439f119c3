/* imgctl.h - what imgctl's verbs share: opening layouts, marking what is used. */
#ifndef IMGUNPACK_IMGCTL_H
#define IMGUNPACK_IMGCTL_H

#include "lib/base.h"
#include "lib/layout.h"

int ctl_gc(int argc, char **argv);
int ctl_history(int argc, char **argv);
int ctl_inspect(int argc, char **argv);
int ctl_ls(int argc, char **argv);
int ctl_ref(int argc, char **argv);
int ctl_rm(int argc, char **argv);
int ctl_tag(int argc, char **argv);
int ctl_verify(int argc, char **argv);

/* Open the layout DIR or die saying why not. */
int xctl_open(const char *dir);
/* Take NAME apart, LAYOUT[:TAG|@DIGEST], and open the layout; misuse when it is malformed. */
int xctl_open_name(const char *name, struct layout_name *out);

/* A set of digests. */
struct digests {
	struct digest *v;
	size_t n, cap;
};

void digests_add(struct digests *s, const struct digest *d);
/* Sort and drop doubles: before the first digests_has. */
void digests_settle(struct digests *s);
bool digests_has(const struct digests *s, const struct digest *d);
void digests_free(struct digests *s);

/* Every digest that index.json or what it lists mentions. Blobs that are missing or no JSON mention
 * nothing. */
void xmark(int layout_dirfd, struct digests *out);

/* Remove the blobs nothing mentions and the temporaries of interrupted work. False when somebody
 * works in the layout and NOWAIT says not to wait for them. ONLY_PRINT: print their digests
 * instead. */
bool xsweep(int layout_dirfd, bool nowait, bool only_print);

#endif
