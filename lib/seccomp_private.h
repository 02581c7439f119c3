/* seccomp_private.h - the two halves of lib/seccomp that know no libseccomp: the ENOSYS stub and
 * the cache.
 *
 * Private to lib/seccomp*.c.
 */
#ifndef LIB_SECCOMP_PRIVATE_H
#define LIB_SECCOMP_PRIVATE_H

#include "lib/buf.h"
#include "lib/seccomp.h"

/* The newest system call a profile names, by what the kernel calls the architecture (AUDIT_ARCH_*).
 */
struct seccomp_newest {
	uint32_t audit_arch;
	int nr;	    /* -1: names none */
	int x32_nr; /* x86-64 only, with bit 30; -1: x32 not in the profile, or names none */
};

/* Room for every architecture's section. */
enum { SECCOMP_STUB_MAX = 256 };

/* Write the stub to be put in front of a filter: ENOSYS for what is newer than the newest, else
 * fall into the filter. Returns the number of instructions, 0 if there is nothing to do. */
size_t seccomp_stub(const struct seccomp_newest *newest, size_t n,
		    struct sock_filter out[static SECCOMP_STUB_MAX]);

/* Everything that decides the program, as bytes. */
void seccomp_key(const struct seccomp_profile *p, const char *library, struct buf *key);
/* Fill insns and ninsns from the cache: 0, or -1 when it is not there or cannot be trusted. */
_check_ int seccomp_cache_get(int dirfd, const struct buf *key, struct seccomp_program *out);
void seccomp_cache_put(int dirfd, const struct buf *key, const struct seccomp_program *prog);

#endif
