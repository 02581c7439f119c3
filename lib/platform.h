/* platform.h - which of an index's images suits a machine.
 *
 * A platform is os/architecture[/variant] in Go's names, normalised: "x86_64" is amd64, arm64's v8
 * and amd64's v1 are the plain ones, arm without a variant is v7.
 */
#ifndef LIB_PLATFORM_H
#define LIB_PLATFORM_H

#include "lib/base.h"

enum { PLATFORM_WORD_MAX = 31 };

struct platform {
	char os[PLATFORM_WORD_MAX + 1];
	char architecture[PLATFORM_WORD_MAX + 1];
	char variant[PLATFORM_WORD_MAX + 1]; /* "" is the architecture's plain one */
};

/* This machine. */
void platform_host(struct platform *out);
/* "linux/arm64/v8", "linux/amd64". EINVAL when it is none. */
_check_ int platform_parse(const char *text, struct platform *out);
/* From an image's words, any of which may be NULL. Words too long for a platform yield one that
 * suits nobody. */
void platform_set(struct platform *out, const char *os, const char *architecture,
		  const char *variant);
/* How well HAVE runs on WANT: 0 is exact, more is worse (an older variant, 32 bits), -1 not at all.
 */
int platform_rank(const struct platform *want, const struct platform *have);

enum { PLATFORM_TEXT_MAX = 3 * PLATFORM_WORD_MAX + 2 };
/* "linux/amd64" into BUF. Returns BUF. */
char *platform_text(const struct platform *p, char buf[PLATFORM_TEXT_MAX + 1]);

#endif
