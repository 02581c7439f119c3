/* imgctl.h - what imgctl's verbs share: opening layouts, marking what is used. */
#ifndef IMGUNPACK_IMGCTL_H
#define IMGUNPACK_IMGCTL_H

#include "lib/base.h"
#include "lib/layout.h"
#include "lib/str.h"

int ctl_diff(int argc, char **argv);
int ctl_du(int argc, char **argv);
int ctl_gc(int argc, char **argv);
int ctl_history(int argc, char **argv);
int ctl_inspect(int argc, char **argv);
int ctl_load(int argc, char **argv);
int ctl_ls(int argc, char **argv);
int ctl_mount(int argc, char **argv);
int ctl_ref(int argc, char **argv);
int ctl_rm(int argc, char **argv);
int ctl_save(int argc, char **argv);
int ctl_sign(int argc, char **argv);
int ctl_signed(int argc, char **argv);
int ctl_tag(int argc, char **argv);
int ctl_umount(int argc, char **argv);
int ctl_unpack(int argc, char **argv);
int ctl_verify(int argc, char **argv);

/* Open the layout DIR or die saying why not. */
int xctl_open(const char *dir);
/* Take NAME apart, LAYOUT[:TAG|@DIGEST], and open the layout; misuse when it is malformed. */
int xctl_open_name(const char *name, struct layout_name *out);

/* Every image of a layout that can be unpacked, through nested indexes; what is damaged, missing or
 * no image is passed over. */
typedef void ctl_image_fn(void *ctx, const struct image_manifest *m, const struct image_config *c);
void ctl_each_image(int layout_dirfd, ctl_image_fn *found, void *ctx);
/* The keys their layers may have in a store, appended. */
void ctl_layer_keys(const char *layout, struct strv *keys);
/* Unpack every unpacked image again and compare. 0, or 1 when there are differences, which have
 * been reported. */
int ctl_verify_layers(int layout_dirfd, const char *store);
/* The store an option names, or the usual one. Caller frees. */
char *ctl_layers(const char *option);

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

/* index.json; the caller frees. */
struct json *xmark_index(int layout_dirfd);
/* The document with that digest; NULL when it is missing, too large or no JSON. */
struct json *xmark_document(int layout_dirfd, const struct digest *d);

/* Every digest that INDEX or what it lists mentions. Documents that cannot be read mention nothing.
 */
void xmark(int layout_dirfd, const struct json *index, struct digests *out);

/* What the entry J of an index mentions, itself and through documents. */
void xmark_entry(int layout_dirfd, const struct json *j, struct digests *out);

/* An entry of an index, to be looked at. */
struct mark_entry {
	const struct json *json;
};

/* The ENTRIES of an index and all documents they list, appended to OUT, which is not settled.
 * False: there were too many to be sure. */
_check_ bool xmark_listed(int layout_dirfd, const struct mark_entry *entries, size_t n,
			  struct digests *out);

/* The digests of those nameless entries of INDEX that refer to what is gone (orphans.c). */
void xorphans(int layout_dirfd, const struct json *index, struct digests *out);

/* Remove the blobs nothing mentions and the temporaries of interrupted work. False when somebody
 * works in the layout and NOWAIT says not to wait for them. ONLY_PRINT: print their digests
 * instead. Entries that refer to what is gone go first. */
bool xsweep(int layout_dirfd, bool nowait, bool only_print);

/* Remove from STORE the unpacked layers that no image of LAYOUTS (NULL-terminated) has and nothing
 * mounts; NOWAIT: unless somebody is at work there. Dies. */
void ctl_collect_layers(char *const *layouts, const char *store, bool nowait, bool only_print);

#endif
