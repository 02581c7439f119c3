/* stack.h - layers of a store on top of each other, as overlayfs shows them. All of it dies on
 * failure. */
#ifndef IMGUNPACK_STACK_H
#define IMGUNPACK_STACK_H

#include "imgunpack/store.h"
#include "lib/str.h"

struct stack {
	const char *store; /* absolute path */
	int store_dirfd;   /* locked against gc */
	struct strv
		layers;	  /* their diff directories, the base first; only those that can be seen */
	struct strv keys; /* of all, seen or not */
	struct store_key root; /* the topmost that describes the root directory; "" is none */
	bool is_volatile;
};

/* Begin a stack of layers of STORE, which is made where it is missing. */
void stack_open(struct stack *s, const char *store);
/* Put the layer K, which is in the store, on top. */
void stack_push(struct stack *s, const struct store_key *k);
/* Would the markers of the layer K mean on this stack what they are to mean? */
bool stack_suits(const struct stack *s, const struct store_key *k);
/* Mount the stack, detached, with UPPER and WORK (absolute paths), or read-only when they are NULL;
 * a single layer needs no mount for that. Returns a descriptor of its root. */
int stack_mount(const struct stack *s, const char *upper, const char *work);
/* Mount the finished stack read-only, detached, its root as the image has it. Returns a descriptor
 * of its root. */
int stack_view(struct stack *s);
/* Give the directory FD the owner, mode, attributes and time the image's root has (upper.c). */
void stack_describe_root(const struct stack *s, int fd);
/* Make DIR/upper and DIR/work where they are missing, and mount the stack with them on ROOTFS
 * (upper.c). */
void stack_mount_rootfs(const struct stack *s, const char *dir, const char *rootfs);
/* The directory ROOTFS, made where it is missing, for mounting on it. */
int stack_open_target(const char *rootfs);
/* Closes the store, too. */
void stack_close(struct stack *s);

#endif
