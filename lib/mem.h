/* mem.h - memory that is always there: running out ends the process, naming the size.
 *
 * Sizes are bytes; the caller frees with free(). Inputs are bounded before they are allocated for.
 */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include "lib/base.h"

void *xmalloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, alloc_size(1, 2), returns_nonnull));
/* Resize to N elements of SIZE bytes; overflow counts as out of memory. */
void *xreallocarray(void *p, size_t n, size_t size)
	__attribute__((alloc_size(2, 3), returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
/* The first LEN bytes of S, NUL-terminated; unlike strndup a NUL within is copied. */
char *xmemdup0(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((malloc, returns_nonnull)) _printf_(1, 2);

#endif
