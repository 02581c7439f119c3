/* stack.h - layers of a store on top of each other, as overlayfs shows them. */
#ifndef IMGUNPACK_STACK_H
#define IMGUNPACK_STACK_H

#include "imgunpack/store.h"
#include "lib/str.h"

struct stack {
	const char *store; /* absolute path */
	int store_dirfd;
	struct strv
		layers; /* their diff directories, the base first; only those that can be seen */
	struct store_key root; /* the topmost that describes the root directory; "" is none */
	bool is_volatile;
};

/* Put the layer K, which is in the store, on top. */
void stack_push(struct stack *s, const struct store_key *k);
/* Would the markers of the layer K mean on this stack what they are to mean? Dies. */
bool stack_suits(const struct stack *s, const struct store_key *k);
/* Mount the stack, detached, with UPPER and WORK (absolute paths), or read-only when they are NULL;
 * a single layer needs no mount for that. Returns a descriptor of its root. Dies. */
int stack_mount(const struct stack *s, const char *upper, const char *work);
/* Make DIR/upper and DIR/work where they are missing, and mount the stack with them on ROOTFS
 * (upper.c). Dies. */
void stack_mount_rootfs(const struct stack *s, const char *dir, const char *rootfs);
void stack_free(struct stack *s);

#endif
