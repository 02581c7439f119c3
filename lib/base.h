/* base.h - attributes, ownership and small macros every file uses.
 *
 * Cleanup attributes release a variable when its scope ends; the variable is declared with its
 * empty value (NULL, -1). steal_fd() and steal_ptr() hand the thing over to somebody else.
 * Two more cleanup types live with their topics: _buf_ (buf.h) and _json_ (json.h).
 */
#ifndef LIB_BASE_H
#define LIB_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _noreturn_ __attribute__((noreturn))
#define _printf_(fmt, first) __attribute__((format(printf, fmt, first)))
#define _unused_ __attribute__((unused))
#define _check_ __attribute__((warn_unused_result))
#define _free_ __attribute__((cleanup(free_ptr)))
#define _close_ __attribute__((cleanup(close_fd)))
#define _fclose_ __attribute__((cleanup(close_file)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* The struct that PTR, its member, is embedded in. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void free_ptr(void *p)
{
	free(*(void **)p);
}

/* Cleanup keeps errno: a failing function's reason must survive its own clean-up. */
static inline void close_fd(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void close_file(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

static inline void *steal_void(void *pp)
{
	void *stolen = *(void **)pp;

	*(void **)pp = NULL;
	return stolen;
}

#define steal_ptr(pp) ((__typeof__(*(pp)))steal_void(pp))

/* Fail with a given errno: return set_errno(EINVAL). */
static inline int set_errno(int e)
{
	errno = e;
	return -1;
}

#endif
