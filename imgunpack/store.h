/* store.h - unpacked layers on disk, shared by all images: STORE/KEY/diff, made once, never
 * changed.
 *
 * KEY is sha256-HEX of a layer's DiffID, or chain-sha256-HEX of its ChainID where what it unpacks
 * to depends on the layers below. Beside diff stand `root` (the layer describes the root
 * directory), `opaque` (it hides all below it) and `whiteouts` (directories that the layers below
 * must have, each ending in NUL), where they apply. A layer grows in .KEY.new, locked; it has its
 * name only when it is whole. The store is mode 0700: layers contain set-user-ID programs.
 *
 * Whoever unpacks or mounts holds a lock on the store, shared, from before it looks for a layer
 * until the layers it found are noted as used (uses.h); gc holds it exclusively.
 */
#ifndef IMGUNPACK_STORE_H
#define IMGUNPACK_STORE_H

#include "imgunpack/apply.h"
#include "lib/digest.h"

enum { STORE_KEY_MAX = 96 };

struct store_key {
	char text[STORE_KEY_MAX];
};

enum store_lock {
	STORE_SHARED, /* made where it is missing */
	STORE_ALONE,
	STORE_ALONE_NOW, /* EWOULDBLOCK rather than wait */
};

/* Open STORE and lock it. Caller closes. */
_check_ int store_open(const char *store, enum store_lock how);

struct store_key store_diff_key(const struct digest *diff_id);
struct store_key store_chain_key(const struct digest *chain_id);
/* The ChainID of a layer DIFF_ID on top of a stack BELOW. */
struct digest store_chain(const struct digest *below, const struct digest *diff_id);

bool store_has(int store_dirfd, const struct store_key *k);
/* Start the layer: wait for whoever else is at it, clear what a killed one left, make diff. Returns
 * the locked directory; -1 and EEXIST when the layer is there now. */
_check_ int store_begin(int store_dirfd, const struct store_key *k);
/* Give it its name, with the facts A found. */
_check_ int store_commit(int store_dirfd, const struct store_key *k, int new_dirfd,
			 const struct apply *a, bool sync);
/* Remove an unfinished layer that nobody is at. */
void store_discard(int store_dirfd, const struct store_key *k);

/* Remove the layers whose keys are not in LIVE, and what was left unfinished, from a store that is
 * locked exclusively; ONLY_PRINT: print their names instead. Dies. */
void store_gc(int store_dirfd, const struct strv *live, bool only_print);
/* Is NAME, in a store, a layer? */
bool store_is_layer(const char *name);

#endif
