/* str.h - strings and NULL-terminated string vectors.
 *
 * A struct strv owns its strings and its vector; v is NULL while empty, else NULL-terminated, so
 * that it can go to execve. Declare it with _strv_ or free it with strv_free.
 */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <string.h>

#include "lib/base.h"

struct strv {
	char **v;
	size_t n, cap;
};

#define _strv_ __attribute__((cleanup(strv_free)))

static inline bool str_eq(const char *a, const char *b)
{
	return !strcmp(a, b);
}

static inline bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix);
/* The part behind PREFIX, or NULL when S does not start with it. */
const char *str_after(const char *s, const char *prefix);
/* A name of container, namespace, volume: [A-Za-z0-9_+.-]+, at most 255 bytes, not "." or "..", no
 * leading '-'. */
bool str_is_name(const char *s);
/* FNV-1a of S, going on from H; not for what may be chosen to collide. */
#define STR_HASH 0xcbf29ce484222325ULL
uint64_t str_hash(uint64_t h, const char *s);
/* Valid UTF-8, without NUL by construction. */
bool str_is_utf8(const char *s, size_t len);

/* Append a copy of S. */
void strv_add(struct strv *l, const char *s);
/* Append S itself; the list owns it from now on. */
void strv_take(struct strv *l, char *s);
/* Set NAME=VALUE in an environment: replaces an entry of that name, else appends. ENTRY is copied.
 */
void strv_setenv(struct strv *l, const char *entry);
/* Append the pieces of S between any byte SEP; empty pieces are kept. */
void strv_split(struct strv *l, const char *s, char sep);
/* Index of S, or -1. */
int strv_index(char *const *v, const char *s);
size_t strv_len(char *const *v);
void strv_free(struct strv *l);
/* Free a bare NULL-terminated vector and its strings. */
void strv_free_v(char **v);

#endif
