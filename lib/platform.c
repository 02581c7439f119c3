#include <string.h>
#include <sys/utsname.h>

#include "lib/num.h"
#include "lib/platform.h"
#include "lib/str.h"

/* What the kernel, Debian and people call it; what Go calls it. */
static const struct alias {
	const char *name, *architecture, *variant;
} aliases[] = {
	{ "x86_64", "amd64", "" },  { "x86-64", "amd64", "" },
	{ "aarch64", "arm64", "" }, { "i386", "386", "" },
	{ "i686", "386", "" },	    { "armhf", "arm", "v7" },
	{ "armv7l", "arm", "v7" },  { "armel", "arm", "v6" },
	{ "armv6l", "arm", "v6" },  { "loongarch64", "loong64", "" },
};

/* Variants that mean the plain architecture. */
static const struct plain {
	const char *architecture, *variant;
} plain[] = {
	{ "arm64", "8" },
	{ "arm64", "v8" },
	{ "arm64", "v8.0" },
	{ "amd64", "v1" },
};

static void copy_word(char out[PLATFORM_WORD_MAX + 1], const char *word)
{
	snprintf(out, PLATFORM_WORD_MAX + 1, "%s", strlen(word) <= PLATFORM_WORD_MAX ? word : "?");
}

static void normalise(struct platform *p)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		if (!str_eq(p->architecture, aliases[i].name))
			continue;
		copy_word(p->architecture, aliases[i].architecture);
		if (!*p->variant)
			copy_word(p->variant, aliases[i].variant);
	}
	if (str_eq(p->architecture, "arm") && !*p->variant)
		copy_word(p->variant, "v7");
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		if (str_eq(p->architecture, plain[i].architecture) &&
		    str_eq(p->variant, plain[i].variant))
			p->variant[0] = '\0';
	}
}

void platform_set(struct platform *out, const char *os, const char *architecture,
		  const char *variant)
{
	copy_word(out->os, os ? os : "");
	copy_word(out->architecture, architecture ? architecture : "");
	copy_word(out->variant, variant ? variant : "");
	normalise(out);
}

void platform_host(struct platform *out)
{
	struct utsname u;

	uname(&u);
	platform_set(out, "linux", u.machine, NULL);
}

int platform_parse(const char *text, struct platform *out)
{
	_strv_ struct strv words = { 0 };

	strv_split(&words, text, '/');
	if (words.n < 2 || words.n > 3)
		return set_errno(EINVAL);
	for (size_t i = 0; i < words.n; i++) {
		size_t len = strlen(words.v[i]);

		if (!len || len > PLATFORM_WORD_MAX ||
		    len != strspn(words.v[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789._-"))
			return set_errno(EINVAL);
	}
	platform_set(out, words.v[0], words.v[1], words.n == 3 ? words.v[2] : NULL);
	return 0;
}

/* "v8.2" is 802; "" is DEFAULT_LEVEL; -1 for anything else. */
static int level(const char *variant, int default_level)
{
	_strv_ struct strv parts = { 0 };
	int major, minor = 0;

	if (!*variant)
		return default_level;
	if (*variant != 'v')
		return -1;
	strv_split(&parts, variant + 1, '.');
	if (parts.n > 2 || num_int(parts.v[0], 0, 99, &major) ||
	    (parts.n == 2 && num_int(parts.v[1], 0, 99, &minor)))
		return -1;
	return major * 100 + minor;
}

static int below(int want, int have)
{
	return have >= 0 && have <= want ? want - have : -1;
}

/* Armv9.x has all of Armv8.(x+5). */
static int rank_arm64(int want, int have)
{
	if (have >= 800 && have < 900 && want >= 900)
		return have - 800 <= want - 900 + 5 ? 100 + (want - 900 + 5) - (have - 800) : -1;
	return below(want, have);
}

/* A machine of one architecture may run images of a lesser one. */
enum { LESSER = 10000 };

int platform_rank(const struct platform *want, const struct platform *have)
{
	const char *w = want->architecture, *h = have->architecture;

	if (!str_eq(want->os, have->os))
		return -1;
	if (str_eq(w, "arm64") && str_eq(h, "arm64"))
		return rank_arm64(level(want->variant, 800), level(have->variant, 800));
	if (str_eq(w, "arm64") && str_eq(h, "arm")) {
		int rank = below(800, level(have->variant, 700));

		return rank < 0 ? -1 : LESSER + rank;
	}
	if (str_eq(w, "arm") && str_eq(h, "arm"))
		return below(level(want->variant, 700), level(have->variant, 700));
	if (str_eq(w, "amd64") && str_eq(h, "amd64"))
		return below(level(want->variant, 100), level(have->variant, 100));
	if (str_eq(w, "amd64") && str_eq(h, "386"))
		return LESSER;
	return str_eq(w, h) && str_eq(want->variant, have->variant) ? 0 : -1;
}

char *platform_text(const struct platform *p, char buf[PLATFORM_TEXT_MAX + 1])
{
	snprintf(buf, PLATFORM_TEXT_MAX + 1, "%s/%s%s%s", p->os, p->architecture,
		 *p->variant ? "/" : "", p->variant);
	return buf;
}
