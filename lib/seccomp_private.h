/* seccomp_private.h - what the files of lib/seccomp share; only they include it, and their tests.
 *
 * seccomp_words.c and seccomp_build.c know libseccomp; the stub and the cache do not.
 */
#ifndef LIB_SECCOMP_PRIVATE_H
#define LIB_SECCOMP_PRIVATE_H

#include <linux/seccomp.h>

#include "lib/buf.h"
#include "lib/seccomp.h"

/* A word of config.json and the number it stands for. Tables are sorted and end with a NULL name.
 */
struct seccomp_word {
	const char *name;
	uint32_t value;
};

extern const struct seccomp_word seccomp_action_words[], seccomp_operator_words[];
extern const struct seccomp_word seccomp_arch_words[], seccomp_flag_words[];

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* NULL when there is no such word; NAME may be NULL. */
const struct seccomp_word *seccomp_word_find(const struct seccomp_word *words, const char *name);
/* Say WHY; returns -1 with EINVAL. */
int seccomp_bad(char *why, const char *fmt, ...) _printf_(2, 3);
/* seccomp_compile without flags, cache and shrinking. */
_check_ int seccomp_build(const struct seccomp_profile *p, struct seccomp_program *out, char *why);

/* The newest system call a profile names, by what the kernel calls the architecture (AUDIT_ARCH_*).
 */
struct seccomp_newest {
	uint32_t audit_arch;
	int nr;	    /* -1: names none */
	int x32_nr; /* x86-64 only, with bit 30; -1: x32 not in the profile, or names none */
};

/* Room for every architecture's section, and so for this many architectures. */
enum { SECCOMP_STUB_MAX = 256, SECCOMP_ARCHS_MAX = 24 };

/* Write the stub to be put in front of a filter: ENOSYS for what is newer than the newest, else
 * fall into the filter. Returns the number of instructions, 0 if there is nothing to do. */
size_t seccomp_stub(const struct seccomp_newest *newest, size_t n,
		    struct sock_filter out[static SECCOMP_STUB_MAX]);

/* Write the same filter with fewer instructions, where that can be done. */
void seccomp_shrink(struct seccomp_program *prog);

/* Everything that decides the program, as bytes. */
void seccomp_key(const struct seccomp_profile *p, const char *library, struct buf *key);
/* Fill insns and ninsns from the cache: 0, or -1 when it is not there or cannot be trusted. */
_check_ int seccomp_cache_get(int dirfd, const struct buf *key, struct seccomp_program *out);
void seccomp_cache_put(int dirfd, const struct buf *key, const struct seccomp_program *prog);

#endif
